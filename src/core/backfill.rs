//! Facts that were stored without a vector get it later (spec 04). As for new facts, the newer one of two near-duplicates stays.
//!
//! Unlike a new fact, a late one can be older than the facts that it is compared with. Then the late one is replaced.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::similarity::cosine;

/// A fact with its new vector.
#[derive(Clone, Debug)]
pub struct Late {
    /// Its primary key.
    pub id: Uuid,
    /// When it was learned.
    pub created_at: DateTime<Utc>,
    /// Its vector.
    pub vector: Vec<f32>,
    /// The player's similar facts that already had a vector, and when they were learned.
    pub similar: Vec<(Uuid, DateTime<Utc>)>,
}

/// The decision about such a fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    /// Its primary key.
    pub id: Uuid,
    /// Its vector.
    pub vector: Vec<f32>,
    /// The newer fact that replaces it.
    pub superseded_by: Option<Uuid>,
    /// The older facts that it replaces.
    pub supersedes: Vec<Uuid>,
}

/// Decides about the late facts of one player.
#[must_use]
pub fn decide(late: Vec<Late>, least: f64) -> Vec<Filled> {
    let age = |id, at: DateTime<Utc>| (at, id);
    let decided: Vec<_> = late
        .iter()
        .map(|fact| {
            let own = age(fact.id, fact.created_at);
            let others = late
                .iter()
                .filter(|other| other.id != fact.id && cosine(&fact.vector, &other.vector) >= least)
                .map(|other| age(other.id, other.created_at));
            let known = fact.similar.iter().map(|(id, at)| age(*id, *at));
            let newest = others.chain(known.clone()).max().filter(|newest| *newest > own);
            let older = known.filter(|it| *it < own).map(|(_, id)| id).collect();
            // A replaced fact replaces no other: the newer one replaces those that are similar to itself.
            newest.map_or((None, older), |(_, newer)| (Some(newer), vec![]))
        })
        .collect();
    let fill = |(fact, (superseded_by, supersedes)): (Late, _)| Filled {
        id: fact.id,
        vector: fact.vector,
        superseded_by,
        supersedes,
    };
    late.into_iter().zip(decided).map(fill).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(hour * 3600, 0).expect("a time")
    }

    fn late(n: u128, hour: i64, vector: [f32; 2], similar: &[(u128, i64)]) -> Late {
        let similar = similar.iter().map(|(n, hour)| (id(*n), at(*hour))).collect();
        Late { id: id(n), created_at: at(hour), vector: vector.to_vec(), similar }
    }

    fn outcome(facts: Vec<Late>) -> Vec<(Option<Uuid>, Vec<Uuid>)> {
        decide(facts, 0.87).into_iter().map(|it| (it.superseded_by, it.supersedes)).collect()
    }

    #[test]
    fn one_that_nothing_is_like_stays() {
        assert_eq!(outcome(vec![late(1, 1, [1.0, 0.0], &[])]), [(None, vec![])]);
    }

    #[test]
    fn it_replaces_the_older_and_is_replaced_by_the_newest() {
        assert_eq!(outcome(vec![late(1, 5, [1.0, 0.0], &[(2, 3), (3, 4)])]), [(None, vec![id(2), id(3)])]);
        assert_eq!(outcome(vec![late(1, 5, [1.0, 0.0], &[(2, 3), (3, 7), (4, 6)])]), [(Some(id(3)), vec![])]);
    }

    #[test]
    fn of_several_late_ones_the_last_stays() {
        let facts = vec![
            late(1, 1, [1.0, 0.0], &[]),
            late(2, 2, [1.0, 0.1], &[]),
            late(3, 2, [1.0, 0.0], &[]),
            late(4, 3, [0.0, 1.0], &[]),
        ];
        assert_eq!(
            outcome(facts),
            [(Some(id(3)), vec![]), (Some(id(3)), vec![]), (None, vec![]), (None, vec![])],
            "the same instant is decided by the id"
        );
    }
}
