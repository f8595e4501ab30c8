//! The role of the server: a primary or a read-only standby.

use sqlx::Row;

use super::found::Role;
use super::sql::postgres;
use super::{Pool, Result, Store, StoreError};

impl Store {
    /// The server, if it is a standby; none for a primary and for SQLite.
    pub async fn standby(&self) -> Result<Option<Role>> {
        let Pool::Pg(connections) = &self.pool else { return Ok(None) };
        let mut pooled = connections.take().await?;
        let server = pooled.server().to_owned();
        let rows = pooled.simple(postgres::SERVER_ROLE.to_owned()).await?;
        pooled.commit().await?;
        let Some(row) = rows.first() else { return Ok(None) };
        connections.learn(row.try_get("lock_timeout")?);
        if !row.try_get::<bool, _>("standby")? {
            return Ok(None);
        }
        let role = Role { server, lag_seconds: row.try_get("lag_seconds")? };
        Ok(Some(self.found.standby.get_or_init(|| role).clone()))
    }

    /// The standby that [`Self::standby`] has found.
    #[must_use]
    pub fn known_standby(&self) -> Option<&Role> {
        self.found.standby.get()
    }

    /// # Errors
    /// [`super::Class::Server`] if the server is a standby.
    pub async fn require_primary(&self) -> Result<()> {
        self.standby().await?.map_or(Ok(()), |role| Err(StoreError::standby(&role.server)))
    }
}
