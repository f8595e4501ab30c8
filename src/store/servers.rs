//! The servers that a URL names. Tries them in turn, as libpq does, until one is suitable or the connect timeout passes. A server that is
//! starting up, a proxy without a back end, or a promotion in progress therefore costs a wait, but not the run.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, PgConnection, Row};

use super::error::{Result, StoreError};
use super::error_class::Class;
use super::timeouts::Timeouts;
use crate::clock;
use crate::config::postgres_url::{Host, PostgresUrl, Target};
use crate::core::doctor::judge::TRANSACTION_POOLER_PORT;

/// The pause between two rounds.
const PAUSE: Duration = Duration::from_millis(250);

/// The servers of a URL.
#[derive(Debug)]
pub(super) struct Servers {
    list: Vec<Server>,
    target: Target,
    asked: Option<Duration>,
    /// Whether there is no pooler in transaction mode in between.
    pub(super) direct: bool,
    /// Whether every transaction must begin with our settings, because as start-up options they were refused or are not in force.
    by_text: AtomicBool,
}

struct Server {
    options: PgConnectOptions,
    name: String,
}

impl fmt::Debug for Server {
    /// Without the options, which hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Why a server is not suitable.
enum Refusal {
    /// Another one can be suitable, or the same one later.
    Later(String),
    /// It is a standby.
    Standby,
    /// No retry would help.
    Final(StoreError),
}

impl Servers {
    /// Reads the URL. `looks` says whether a standby is allowed.
    pub(super) fn of(url: &PostgresUrl, looks: bool) -> Result<Self> {
        for name in &url.ignored {
            tracing::warn!(parameter = name, "a parameter of the database URL is not honoured");
        }
        if let Some(file) = url.root_certificate.as_deref().filter(|file| !is_readable(file)) {
            return Err(StoreError::configuration(format!(
                "the file {} can't be read, which DATABASE_URL names as sslrootcert",
                file.display()
            )));
        }
        let hosts = if url.hosts.is_empty() { vec![Host::default()] } else { url.hosts.clone() };
        let mut list = hosts.iter().map(|host| Server::of(url, host)).collect::<Result<Vec<_>>>()?;
        let pooled = url.pooled.unwrap_or(list.iter().any(|it| it.options.get_port() == TRANSACTION_POOLER_PORT));
        if pooled {
            for server in &mut list {
                // PgBouncer refuses a start-up parameter that it does not track.
                server.options = server.options.clone().extra_float_digits(None);
            }
        }
        let target = match (url.target, looks) {
            // Jobs can't run on a standby.
            (Some(Target::PreferStandby), false) => Target::Primary,
            (Some(target), _) => target,
            (None, false) if list.len() > 1 => Target::Primary,
            (None, _) => Target::Any,
        };
        let by_text = AtomicBool::new(pooled);
        Ok(Self { list, target, asked: url.connect_timeout, direct: !pooled, by_text })
    }

    /// Whether every transaction must begin with our settings.
    pub(super) fn by_text(&self) -> bool {
        self.by_text.load(Ordering::Relaxed)
    }

    /// Makes every transaction begin with our settings from now on.
    pub(super) fn go_by_text(&self) {
        self.by_text.store(true, Ordering::Relaxed);
    }

    /// A server's name: host and port, or its socket.
    pub(super) fn name(&self, server: usize) -> &str {
        self.list.get(server).map_or("the server", |it| &it.name)
    }

    /// The first server's host, or its socket's folder, its port, and whether its certificate is verified.
    pub(super) fn place(&self) -> (String, u16, bool) {
        self.list.first().map_or_else(Default::default, |it| {
            let host = socket_folder(&it.options).map(|folder| folder.display().to_string());
            let checks_server = matches!(it.options.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull);
            let host = host.unwrap_or_else(|| it.options.get_host().to_owned());
            (host, it.options.get_port(), checks_server)
        })
    }

    /// Connects to a suitable server. Also returns which one it is. `patient` says whether to retry if a server has no free connection;
    /// the pool does not if it has open connections to wait for.
    pub(super) async fn connect(&self, timeouts: &Timeouts, patient: bool) -> Result<(PgConnection, usize)> {
        let (all, share) = timeouts.connect(self.asked, self.list.len());
        let began = clock::start();
        let mut wanted = self.target;
        loop {
            let mut refused: Vec<(usize, Refusal)> = Vec::new();
            for (which, server) in self.list.iter().enumerate() {
                let left = all.saturating_sub(began.elapsed());
                let limit = if self.list.len() == 1 { left } else { share };
                let answer = tokio::time::timeout(limit, self.try_one(server, timeouts, wanted));
                let refusal = match answer.await {
                    Ok(Ok(connection)) => return Ok((connection, which)),
                    Ok(Err(Refusal::Final(error))) => return Err(error),
                    Ok(Err(refusal)) => refusal,
                    Err(_) => Refusal::Later(format!("no answer within {} s", limit.as_secs_f64().ceil())),
                };
                if let (Refusal::Later(why), false) = (&refusal, patient)
                    && why.contains("SQLSTATE 53300")
                {
                    return Err(StoreError::no_connection_left(why));
                }
                refused.push((which, refusal));
            }
            if wanted == Target::PreferStandby {
                wanted = Target::Any;
                continue;
            }
            if began.elapsed() + PAUSE >= all {
                return Err(self.none(&refused));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn none(&self, refused: &[(usize, Refusal)]) -> StoreError {
        let said: Vec<_> = refused
            .iter()
            .map(|(which, refusal)| match refusal {
                Refusal::Standby => format!("{} is a read-only standby; name the primary", self.name(*which)),
                Refusal::Later(why) => format!("can't connect to {}: {why}", self.name(*which)),
                Refusal::Final(error) => error.to_string(),
            })
            .collect();
        StoreError::unavailable(said.join("; "))
    }

    async fn try_one(&self, server: &Server, timeouts: &Timeouts, wanted: Target) -> Result<PgConnection, Refusal> {
        let mut connection = match self.log_in(server, timeouts).await {
            Ok(connection) => connection,
            Err(error) => return Err(self.judge(server, error)),
        };
        if wanted == Target::Any {
            return Ok(connection);
        }
        let asked = "select pg_is_in_recovery(), current_setting('default_transaction_read_only') = 'on'";
        let row = sqlx::raw_sql(asked).fetch_one(&mut connection).await;
        let row = row.and_then(|row| Ok((row.try_get::<bool, _>(0)?, row.try_get::<bool, _>(1)?)));
        let (standby, read_only) = row.map_err(|error| self.judge(server, error))?;
        match wanted {
            Target::PreferStandby if standby => Ok(connection),
            Target::PreferStandby => Err(Refusal::Later("it is not a standby".to_owned())),
            _ if standby => Err(Refusal::Standby),
            Target::ReadWrite if read_only => Err(Refusal::Later("it is read-only".to_owned())),
            _ => Ok(connection),
        }
    }

    async fn log_in(&self, server: &Server, timeouts: &Timeouts) -> Result<PgConnection, sqlx::Error> {
        if self.by_text() {
            return server.options.connect().await;
        }
        let isolation = ("default_transaction_isolation", "read committed".to_owned());
        let settings = timeouts.settings().into_iter().chain([isolation]);
        match server.options.clone().options(settings).connect().await {
            Err(sqlx::Error::Database(error))
                if error.message().contains("options") && error.message().contains("startup parameter") =>
            {
                self.go_by_text();
                server.options.connect().await
            }
            other => other,
        }
    }

    fn judge(&self, server: &Server, error: sqlx::Error) -> Refusal {
        let alone = self.list.len() == 1;
        let clear = match &error {
            // An unknown host name or missing TLS support does not change within moments.
            sqlx::Error::Io(why) => why.to_string().contains("lookup address"),
            sqlx::Error::Tls(_) => true,
            _ => false,
        };
        let why = error.to_string();
        let error = StoreError::from(error);
        match error.class() {
            Class::Server | Class::Contention if clear && alone => {
                Refusal::Final(StoreError::unavailable(format!("can't connect to {}: {why}", server.name)))
            }
            Class::Server | Class::Contention => Refusal::Later(error.message().to_owned()),
            _ => Refusal::Final(error),
        }
    }
}

impl Server {
    fn of(url: &PostgresUrl, host: &Host) -> Result<Self> {
        let file = |file: &Option<PathBuf>| file.as_ref().map(|file| file.display().to_string());
        let parameters = [
            ("host", host.name.clone()),
            ("port", host.port.map(|port| port.to_string())),
            ("user", url.user.clone()),
            ("password", url.password.as_ref().map(|it| it.expose_secret().to_owned())),
            ("dbname", url.database.clone()),
            ("sslmode", url.tls.clone()),
            ("sslrootcert", file(&url.root_certificate)),
            ("sslcert", file(&url.certificate)),
            ("sslkey", file(&url.key)),
            ("options", url.options.clone()),
        ];
        // Only for a URL does sqlx accept the server's own options and read a password file.
        let given = parameters.iter().filter_map(|(name, value)| Some(format!("{name}={}", encoded(value.as_ref()?))));
        let text = SecretString::from(format!("postgres:///?{}", given.collect::<Vec<_>>().join("&")));
        let mut options: PgConnectOptions = text.expose_secret().parse().map_err(|error| match error {
            sqlx::Error::Configuration(why) => StoreError::configuration(format!("DATABASE_URL can't be read: {why}")),
            other => StoreError::from(other),
        })?;
        options = match (&url.application_name, options.get_application_name()) {
            (Some(name), _) => options.application_name(name),
            (None, Some(_)) => options,
            (None, None) => options.application_name("nikita-jobs"),
        };
        let socket = socket_folder(&options);
        if socket.is_some() {
            // As in libpq: no TLS on a local socket.
            options = options.ssl_mode(PgSslMode::Disable);
        }
        let name = match socket {
            Some(folder) => folder.join(format!(".s.PGSQL.{}", options.get_port())).display().to_string(),
            None if options.get_host().contains(':') => format!("[{}]:{}", options.get_host(), options.get_port()),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        Ok(Self { options: options.disable_statement_logging(), name })
    }
}

/// Percent-encodes every byte that is not alphanumeric.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

fn is_readable(file: &Path) -> bool {
    std::fs::File::open(file).is_ok()
}

/// The folder of the server's socket: from the URL, else from `PGHOST`, else a usual folder that contains a socket.
fn socket_folder(options: &PgConnectOptions) -> Option<PathBuf> {
    let host = Path::new(options.get_host());
    options.get_socket().cloned().or_else(|| host.is_absolute().then(|| host.to_owned()))
}
