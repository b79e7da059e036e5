//! `postduif webhook`: other programs that are told what happens.

use clap::Subcommand;
use serde_json::{Value, json};

use super::output::Output;
use crate::domain::webhook::Event;
use crate::flows::House;
use crate::flows::webhooks::{self, no_webhook};
use crate::store::webhooks::{self as store, WebhookDeliveryRow, WebhookRow};

#[derive(Subcommand)]
pub enum Command {
    /// Tell a program what happens; its secret is shown this once
    Add {
        /// Is called with POST
        url: String,
        /// What it is told, such as edition.completed; may be repeated [default: everything]
        #[arg(long = "event", value_name = "EVENT")]
        events: Vec<Event>,
    },
    /// List them
    List,
    /// Tell one nothing more, and forget it
    Remove {
        /// Its id, as the list shows it
        id: i64,
    },
    /// Tell one nothing more until it is enabled again; it keeps its secret
    Disable {
        /// Its id, as the list shows it
        id: i64,
    },
    /// Tell one again that had said that it is gone, or was disabled
    Enable {
        /// Its id, as the list shows it
        id: i64,
    },
    /// Give one another secret; for a day both sign
    Rotate {
        /// Its id, as the list shows it
        id: i64,
    },
    /// List what one was told in the last 30 days, newest first
    Deliveries {
        /// Its id, as the list shows it
        id: i64,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: i64,
    },
    /// Tell one thing again, under the id it had
    Replay {
        /// The webhook's id
        id: i64,
        /// The delivery's id, as `webhook deliveries` shows it
        delivery: i64,
    },
}

const ACTOR: &str = "command line";

pub async fn run(command: Command, house: &House, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::Add { url, events } => {
            let row = webhooks::add(house, &url, &events, ACTOR).await?;
            shown_once(house, &row, output)?;
        }
        Command::List => {
            let all = store::all(&mut house.db.read().await?).await?;
            let all: Vec<Value> = all.iter().map(answer).collect();
            let head = ["id", "address", "events", "since", "state"];
            output.list(&all, &head, "Nobody is told; `postduif webhook add URL` changes that.", |one| {
                let events = one["events"].as_array().map_or(0, Vec::len);
                let events = if events == 0 { "everything".to_owned() } else { one["events"].to_string() };
                let state = one["disabled_reason"].as_str().unwrap_or("told");
                vec![one["id"].to_string(), text(one, "url"), events, text(one, "created_at"), state.to_owned()]
            })?;
        }
        Command::Remove { id } => {
            webhooks::remove(house, id, ACTOR).await?;
            output.one(&json!({ "id": id, "removed": true }), || format!("Webhook {id} is told nothing more."))?;
        }
        Command::Disable { id } => {
            webhooks::disable(house, id, ACTOR).await?;
            output.one(&json!({ "id": id, "enabled": false }), || {
                format!("Webhook {id} is told nothing more until it is enabled again.")
            })?;
        }
        Command::Enable { id } => {
            webhooks::enable(house, id, ACTOR).await?;
            output.one(&json!({ "id": id, "enabled": true }), || format!("Webhook {id} is told again."))?;
        }
        Command::Rotate { id } => {
            let row = webhooks::rotate(house, id, ACTOR).await?;
            shown_once(house, &row, output)?;
        }
        Command::Deliveries { id, limit } => {
            let mut reader = house.db.read().await?;
            store::by_id(&mut reader, id).await?.ok_or_else(|| no_webhook(id))?;
            let rows = store::page(&mut reader, id, i64::MAX, limit.clamp(1, 10_000)).await?;
            let rows: Vec<Value> = rows.iter().map(told).collect();
            let head = ["id", "event", "state", "attempts", "last answer", "happened"];
            output.list(&rows, &head, "It was told nothing in the last 30 days.", |one| {
                let answer = one["last_answer"].as_str().unwrap_or("–").to_owned();
                let (event, state, at) = (text(one, "event"), text(one, "state"), text(one, "created_at"));
                vec![one["id"].to_string(), event, state, one["attempts"].to_string(), answer, at]
            })?;
        }
        Command::Replay { id, delivery } => {
            webhooks::replay(house, id, delivery, ACTOR).await?;
            let answer = json!({ "webhook": id, "delivery": delivery, "state": "queued" });
            output
                .one(&answer, || format!("Delivery {delivery} is told again within seconds, where a worker runs."))?;
        }
    }
    Ok(())
}

fn shown_once(house: &House, row: &WebhookRow, output: &Output) -> Result<(), anyhow::Error> {
    let secret = webhooks::secret(house, row);
    let mut answer = answer(row);
    answer["secret"] = secret.clone().into();
    Ok(output.one(&answer, || format!("Webhook {}; its secret, shown this once:\n{secret}", row.id))?)
}

/// As the API answers it.
fn answer(row: &WebhookRow) -> Value {
    let events: Vec<&str> = row.events.split(',').filter(|event| !event.is_empty()).collect();
    json!({ "id": row.id, "url": row.url, "events": events, "created_at": row.created_at.to_string(),
        "disabled_at": row.disabled_at.map(|at| at.to_string()), "disabled_reason": row.disabled_reason })
}

/// As the API answers it.
fn told(row: &WebhookDeliveryRow) -> Value {
    json!({ "id": row.id, "webhook_id": row.uid, "event": row.event, "state": row.state, "attempts": row.attempts,
        "last_answer": row.last_answer, "created_at": row.created_at.to_string(),
        "finished_at": row.finished_at.map(|at| at.to_string()) })
}

fn text(one: &Value, key: &str) -> String {
    one[key].as_str().unwrap_or_default().to_owned()
}
