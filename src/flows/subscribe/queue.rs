//! Where sign-ups wait for each other: those that come while others are stored are stored together after them.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::together::{Asked, Outcome, together};
use crate::flows::{FlowError, House};
use crate::store::{StoreError, within};

/// So many in one transaction: more would keep others from the writer for too long.
const AT_ONCE: usize = 64;

/// How long a single statement may keep visitors waiting; as for every other page.
const STATEMENT: Duration = Duration::from_secs(15);

/// The sign-ups that wait. Cheap to clone; clones are the same queue.
#[derive(Clone)]
pub struct SignUps {
    line: Arc<Mutex<Line>>,
    /// Where they are stored: not on the thread of one visitor's request, which ends before the program does.
    runtime: Option<Handle>,
}

impl Default for SignUps {
    fn default() -> Self {
        Self { line: Arc::default(), runtime: Handle::try_current().ok() }
    }
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    /// Somebody stores sign-ups, and will look here again.
    is_served: bool,
}

struct Waiting {
    sign_up: Asked,
    answer: Answering,
}

type Answering = oneshot::Sender<Result<Outcome, FlowError>>;

impl SignUps {
    /// What became of a sign-up, once it is stored.
    pub(super) async fn take(&self, house: &House, sign_up: Asked) -> Result<Outcome, FlowError> {
        let (answer, outcome) = oneshot::channel();
        let begins = {
            let mut line = self.line();
            line.waiting.push_back(Waiting { sign_up, answer });
            !std::mem::replace(&mut line.is_served, true)
        };
        if begins {
            // In a task of its own: a visitor who hangs up must not leave the others waiting.
            let (serves, house) = (Serves { queue: self.clone(), is_done: false }, house.clone());
            let runtime = self.runtime.clone().unwrap_or_else(Handle::current);
            runtime.spawn(async move { within(STATEMENT, serves.until_nobody_waits(&house)).await });
        }
        let broken = || FlowError::Store(StoreError::Group("the program stops".to_owned()));
        outcome.await.unwrap_or_else(|_| Err(broken()))
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who serves the queue. Should it be dropped half-way, whoever waits hears that nothing was stored.
struct Serves {
    queue: SignUps,
    is_done: bool,
}

impl Serves {
    async fn until_nobody_waits(mut self, house: &House) {
        while let Some((sign_ups, answers)) = self.next() {
            let outcomes = together(house, &sign_ups).await;
            let outcomes = match outcomes {
                // What is wrong with one of them must not keep the others out.
                Err(FlowError::Store(error)) if error.is_of_statement() && sign_ups.len() > 1 => {
                    let mut each = Vec::with_capacity(sign_ups.len());
                    for sign_up in &sign_ups {
                        each.push(alone(house, sign_up).await);
                    }
                    each
                }
                Err(error) => {
                    let failed = || Err(StoreError::Group(error.to_string()).into());
                    // A database that is away keeps nobody waiting twice: who came meanwhile hears the same.
                    if !matches!(&error, FlowError::Store(error) if error.is_of_statement()) {
                        for late in std::mem::take(&mut self.queue.line().waiting) {
                            let _ = late.answer.send(failed());
                        }
                    }
                    sign_ups.iter().map(|_| failed()).collect()
                }
                Ok(outcomes) => outcomes,
            };
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                // Who hung up needs no answer.
                let _ = answer.send(outcome);
            }
        }
    }

    /// Those who wait, some at a time, and nobody twice: the second of two for one address finds what the first left.
    /// With `None` nobody serves the queue any more.
    fn next(&mut self) -> Option<(Vec<Asked>, Vec<Answering>)> {
        let mut line = self.queue.line();
        let (mut taken, mut left) = ((Vec::new(), Vec::new()), VecDeque::new());
        let mut addresses = HashSet::new();
        while taken.0.len() < AT_ONCE
            && let Some(one) = line.waiting.pop_front()
        {
            if addresses.insert(one.sign_up.hash) {
                taken.0.push(one.sign_up);
                taken.1.push(one.answer);
            } else {
                left.push_back(one);
            }
        }
        left.append(&mut line.waiting);
        line.waiting = left;
        line.is_served = !taken.0.is_empty();
        self.is_done = !line.is_served;
        line.is_served.then_some(taken)
    }
}

impl Drop for Serves {
    fn drop(&mut self) {
        if !self.is_done {
            let mut line = self.queue.line();
            line.is_served = false;
            line.waiting.clear();
        }
    }
}

async fn alone(house: &House, sign_up: &Asked) -> Result<Outcome, FlowError> {
    let outcomes = together(house, std::slice::from_ref(sign_up)).await?;
    outcomes.into_iter().next().unwrap_or_else(|| Err(StoreError::Group("nobody was asked".to_owned()).into()))
}
