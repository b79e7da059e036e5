//! How a process shows others that it lives, learns what it has lost, and inherits from those that died.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::super::relays::Relays;
use super::super::{reconcile, release};
use super::Manager;
use crate::domain::token::hex;
use crate::flows::FlowError;
use crate::store::presence::Presence;
use crate::store::workers::WorkerRow;
use crate::store::{Durability, deliveries, domain_paces, editions, outbox, workers};

/// How often a process says that it lives, where others wait for it.
const BEAT: Duration = Duration::from_secs(1);
/// The same where nobody can take over, for those who look on.
const IDLE_BEAT: Duration = Duration::from_secs(15);

impl Manager {
    /// Becomes one of those who send; `false` while another process is the only one.
    pub(super) async fn enter(&mut self) -> Result<bool, FlowError> {
        let random = hex(&self.house.clock.random::<8>());
        let Some(presence) = Presence::enter(&self.house.db, &self.owner, &random).await? else { return Ok(false) };
        if self.mark.is_none() {
            // Nothing is claimed yet, so nothing can have been lost.
            self.mark = Some(presence.mark().to_owned());
            self.lanes.know(domain_paces::all(&mut self.house.db.read().await?).await?);
        } else {
            self.memory.doubt();
            let mut tx = self.house.db.write_with(self.lasting()).await?;
            let known = workers::beat(&mut tx, &self.owner, None, self.house.clock.now()).await?;
            tx.commit().await?;
            if !known {
                self.is_inherited().await;
            }
        }
        // Until what we hold is compared, others must take it for uncertain should we die: an older mark says so.
        self.sign(self.mark.clone().unwrap_or_default()).await?;
        self.neighbours.forget();
        (self.presence, self.beaten, self.recovered) = (Some(presence), None, None);
        self.present.send_replace(true);
        self.house.tally.sends(true);
        Ok(true)
    }

    /// Writes down that we work, and under which mark.
    async fn sign(&self, mark: String) -> Result<(), FlowError> {
        let mut tx = self.house.db.write_with(self.lasting()).await?;
        workers::enter(&mut tx, &self.owner, &mark, self.house.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What a server that crashes must not forget: on SQLite we die with the power ourselves.
    fn lasting(&self) -> Durability {
        if self.house.db.path().is_none() { Durability::Disk } else { Durability::Process }
    }

    /// Others have taken us for dead: what we had in hand is theirs.
    async fn is_inherited(&self) {
        tracing::warn!("others have taken over what this process had in hand, because it stood still");
        self.lease.ended();
        self.give_back(|_| true).await;
    }

    /// Says that we live, and what we have trouble with. Who was taken for dead in the meantime holds nothing any more.
    pub(super) async fn beat(&mut self, relays: &Relays) -> Result<(), FlowError> {
        let many = self.house.db.path().is_none();
        let pause = if many { BEAT } else { IDLE_BEAT };
        if self.beaten.is_some_and(|last| last.elapsed() < pause) {
            return Ok(());
        }
        let began = Instant::now();
        let beaten = self.try_beat(relays).await;
        if beaten.is_err() {
            // Without it others believe us dead. On SQLite it is a lock on a file, which no fault takes away.
            self.presence = None;
            self.present.send_replace(false);
            self.house.tally.sends(false);
        }
        if !beaten? {
            self.is_inherited().await;
            self.sign(self.mark.clone().unwrap_or_default()).await?;
        }
        if many {
            self.lease.beat(began);
        }
        self.beaten = Some(began);
        Ok(())
    }

    async fn try_beat(&mut self, relays: &Relays) -> Result<bool, FlowError> {
        if let Some(presence) = &mut self.presence {
            presence.check().await?;
        }
        let trouble = Some(relays.alarms().join("; ")).filter(|trouble| !trouble.is_empty());
        // With it everything that was noted before becomes durable.
        let stored = self.memory.mark();
        let mut tx = self.house.db.write_with(self.lasting()).await?;
        let known = workers::beat(&mut tx, &self.owner, trouble.as_deref(), self.house.clock.now()).await?;
        tx.commit().await?;
        if let Some(presence) = &mut self.presence {
            // Our session has seen no crash until now, so there was none between those commits and this one.
            presence.check().await?;
            self.memory.durable(stored);
        }
        Ok(known)
    }

    /// After a fault of the database: compares what it says we hold with what we know.
    pub(super) async fn reconcile(&mut self) -> Result<(), FlowError> {
        if self.memory.is_in_doubt() {
            reconcile::own_claims(&self.house, &self.owner, &self.memory, &self.ledger).await?;
        }
        let mark = self.presence.as_ref().map(|presence| presence.mark().to_owned());
        if self.mark != mark && mark.is_some() {
            self.sign(mark.clone().unwrap_or_default()).await?;
            self.mark = mark;
        }
        Ok(())
    }

    /// Gives back what dead workers had claimed.
    pub(super) async fn recover(&mut self) -> Result<(), FlowError> {
        let Some(presence) = &mut self.presence else { return Ok(()) };
        let house = &self.house;
        let boot = house.clock.boot();
        let mut reader = house.db.read().await?;
        let letters = outbox::owners(&mut reader).await?;
        let mut claims = Vec::new();
        for edition in editions::with_claims(&mut reader).await? {
            for owner in deliveries::owners(&mut reader, edition).await? {
                claims.push((edition, owner));
            }
        }
        let workers: HashMap<String, WorkerRow> =
            workers::all(&mut reader).await?.into_iter().map(|worker| (worker.owner.clone(), worker)).collect();
        drop(reader);
        let mut others: Vec<String> = workers.keys().cloned().chain(letters).collect();
        others.extend(claims.iter().map(|(_, owner)| owner.clone()));
        others.sort_unstable();
        others.dedup();
        others.retain(|owner| *owner != self.owner);
        self.neighbours.only(&others);
        for owner in others {
            if !self.neighbours.is_dead(presence, &owner, workers.get(&owner).map(|worker| worker.beats)).await? {
                continue;
            }
            // First of all: should it live, it learns from this that nothing is its own any more.
            release::worker(house, &owner).await?;
            release::letters(house, &owner).await?;
            // Only quick commits can have been lost: with the machine on SQLite, with its server on PostgreSQL.
            let same_boot = if presence.is_alone() {
                !boot.is_empty() && owner.rsplit_once('@').is_some_and(|(_, other)| other == boot)
            } else {
                workers.get(&owner).is_some_and(|worker| worker.boot == presence.mark())
            };
            for (edition, _) in claims.iter().filter(|(_, other)| *other == owner) {
                release::claims(house, *edition, &owner, !same_boot).await?;
            }
        }
        Ok(())
    }
}
