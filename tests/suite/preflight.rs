//! The look before an edition leaves: what blocks it, what must be seen, and what is told to nobody but the curious.

use postduif::domain::checkup::CheckStatus;
use postduif::domain::time::Timestamp;
use postduif::store::doctor::{self, NewCheck};
use postduif::store::{Db, migrate};

use crate::kit::database::Database;
use crate::kit::{on_each_engine, wait};

on_each_engine![the_last_run_of_the_doctor_is_the_one_that_counts];

fn the_last_run_of_the_doctor_is_the_one_that_counts(database: Database) {
    wait(|| async {
        let db = Db::open(database.url()).await.unwrap();
        migrate::migrate(&db).await.unwrap();
        assert_eq!(doctor::latest(&mut db.read().await.unwrap()).await.unwrap(), []);
        let check = |name, status| NewCheck { name, status, message: "as it is" };
        let (long_ago, yesterday, today) = ("2025-01-01T06:00:00Z", "2026-02-01T06:00:00Z", "2026-02-02T06:00:00Z");
        for (at, checks) in [
            (long_ago, vec![check("clock", CheckStatus::Ok)]),
            (yesterday, vec![check("spf.include", CheckStatus::Fail), check("dkim.record", CheckStatus::Unknown)]),
            (today, vec![check("spf.include", CheckStatus::Ok), check("dmarc.policy", CheckStatus::Warn)]),
        ] {
            let mut tx = db.write().await.unwrap();
            doctor::record(&mut tx, Timestamp::parse(at).unwrap(), &checks).await.unwrap();
            tx.commit().await.unwrap();
        }
        let latest = doctor::latest(&mut db.read().await.unwrap()).await.unwrap();
        let told: Vec<_> = latest.iter().map(|row| (row.at.to_string(), row.check_name.as_str(), row.status)).collect();
        assert_eq!(
            told,
            [
                ("2026-02-02T06:00:00Z".to_owned(), "dmarc.policy", CheckStatus::Warn),
                ("2026-02-02T06:00:00Z".to_owned(), "spf.include", CheckStatus::Ok)
            ]
        );
        assert_eq!(database.texts("select cast(count(*) as text) from doctor_runs"), ["4"], "old runs are forgotten");
    });
}
