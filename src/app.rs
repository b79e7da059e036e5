//! Builds, starts and stops the whole: the same way in production and in tests.

mod systemd;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_cron_scheduler::JobSchedulerError;

use crate::clock::Clock;
use crate::config::{self, Config, ConfigError};
use crate::domain::token::{Keys, WeakSecret};
use crate::flows::backup::{self, BackupError, Reason, Source};
use crate::flows::deliver::{Mailer, Relays};
use crate::flows::feedback::Inbox;
use crate::flows::health::KEY_FINGERPRINT;
use crate::flows::{FurnishError, House, demo, mail_servers, served_at, set_back, tally};

use crate::jobs::Jobs;
use crate::mail::inbound::{Certificate, CertificateError, Listener};
use crate::mail::smtp::Tls;
use crate::store::at_work::AtWork;
use crate::store::{Db, StoreError, meta, migrate};
use crate::web::metrics::{self, Requests};
use crate::web::{Web, application};

/// When all must have come to an end once we are told to stop: who stops us waits ten seconds.
const END: Duration = Duration::from_millis(9_600);
/// How long the database may take to close after that.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// How long a request in hand may take to finish when we are told to stop.
const FAREWELL: Duration = Duration::from_secs(8);
/// How long a client may take to say what it wants.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Which parts of the program this process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// Pages and API alone.
    Web,
    /// What the clock starts, and mail, alone.
    Worker,
    All,
}

/// Why the program does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Key(#[from] WeakSecret),
    #[error(
        "the secret key is not the one with which the database {0} was made: with another key every link in mails \
         already sent is dead; set POSTDUIF_SECRET_KEY to the old one or restore its file from a backup"
    )]
    OtherKey(String),
    #[error("the database {0} is being restored or moved; start again when that is done")]
    Restoring(String),
    #[error("something else listens on {0} already; stop it, or choose another port with --listen")]
    PortInUse(SocketAddr),
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    #[error(transparent)]
    Furnish(#[from] FurnishError),
    #[error("the database must change for this version, and the backup before that failed: {0}")]
    Backup(#[from] BackupError),
    #[error("the listener for bounces cannot offer encryption: {0}")]
    Certificate(#[from] CertificateError),
    #[error("the clockwork does not start: {0}")]
    Jobs(#[from] JobSchedulerError),
    #[error("the machine does not let us start: {0}")]
    Machine(#[from] std::io::Error),
}

/// Opens the house: the secret, the database brought to this version, the keys.
///
/// # Errors
/// The first thing that stands in the way, and what to do about it.
pub async fn build(config: Config, clock: Clock) -> Result<House, StartError> {
    systemd::patient(opened(config, clock)).await
}

async fn opened(config: Config, clock: Clock) -> Result<House, StartError> {
    // The secret first: where it is missing beside a database that is there, nothing must be touched.
    let keys = Keys::new(config.secret_key(&clock)?.reveal())?;
    let db = Db::open(config.database_url.reveal()).await?;
    let applied = migrate::applied(&mut db.read().await?).await?;
    migrate::refuse_newer(&mut db.read().await?, &applied).await?;
    let behind = migrate::is_behind(&applied);
    if !applied.is_empty() && behind {
        // What a schema change has done cannot be undone.
        let source = Source { db: &db, config: &config, clock: &clock, keys: &keys };
        backup::automatic(source, Reason::SchemaChange).await?;
    }
    migrate::migrate(&db).await?;
    let mut tx = db.write().await?;
    if behind {
        migrate::sign(&mut tx).await?;
    }
    let fingerprint = keys.fingerprint();
    if meta::settle(&mut tx, KEY_FINGERPRINT, &fingerprint).await? != fingerprint {
        return Err(StartError::OtherKey(config.database_url.to_string()));
    }
    tx.commit().await?;
    let mut house = House::new(db, clock, keys, config)?;
    house.catches_all_mail = demo::catches_all_mail(&house).await?;
    Ok(house)
}

/// Who takes bounces and unsubscribe mail.
struct Inbound {
    address: SocketAddr,
    close: oneshot::Sender<()>,
    receiving: JoinHandle<()>,
}

/// What the process is told from outside.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Hears signals from now on. Before we serve, so that none that comes early ends us in the middle of something.
    ///
    /// # Errors
    /// When the machine does not let us.
    pub fn heard() -> Result<Self, StartError> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

/// A house at work.
pub struct Running {
    /// With the address that was really bound, where the machine was to choose a port.
    pub house: House,
    /// Where HTTP is served, if it is.
    pub address: Option<SocketAddr>,
    web: Option<(Web, ServerHandle)>,
    inbound: Option<Inbound>,
    workers: Option<(Jobs, Mailer)>,
    metrics: Option<(SocketAddr, ServerHandle)>,
    /// Whom the connections to mail servers trust.
    tls: Tls,
    counting: JoinHandle<()>,
    at_work: AtWork,
}

/// Puts a house to work. Listens first, so that a port in use stops the start before anything else happens.
///
/// # Errors
/// When the port cannot be had, or the clockwork does not start.
pub async fn serve(mut house: House, parts: Parts) -> Result<Running, StartError> {
    let at_work =
        AtWork::serving(&house.db)?.ok_or_else(|| StartError::Restoring(house.config.database_url.to_string()))?;
    let listener = if parts == Parts::Worker { None } else { Some(handed_or_own(house.config.listen)?) };
    let address = listener.as_ref().map(TcpListener::local_addr).transpose()?;
    if let Some(address) = address
        && house.config.listen != address
    {
        Arc::make_mut(&mut house.config).bound_to(address);
    }
    if parts != Parts::Worker || house.config.has_public_url() {
        served_at::note(&house).await?;
    }
    let inbound = match house.config.inbound_listen.filter(|_| parts != Parts::Web) {
        Some(address) => Some(listen(address)?),
        None => None,
    };
    let for_metrics = match house.config.metrics_listen {
        Some(address) => Some(listen(address)?),
        None => None,
    };
    let web = listener.map(|listener| serve_web(&house, listener)).transpose()?;
    let requests = web.as_ref().map(|(web, _)| web.requests.clone()).unwrap_or_default();
    let metrics = for_metrics.map(|listener| serve_metrics(&house, requests, listener)).transpose()?;
    let inbound = inbound.map(|listener| receive(&house, listener)).transpose()?;
    let tls = Tls::from_system();
    let workers = if parts == Parts::Web { None } else { Some(at_work_for(&house, &tls).await?) };
    let counting = tokio::spawn(tally::keep_storing(house.clone()));
    Ok(Running { house, address, web, inbound, workers, metrics, tls, counting, at_work })
}

/// The clockwork and the mailer.
async fn at_work_for(house: &House, tls: &Tls) -> Result<(Jobs, Mailer), StartError> {
    Ok((Jobs::start(house).await?, Mailer::start(house, relays_over(house, tls))))
}

fn receive(house: &House, listener: TcpListener) -> Result<Inbound, StartError> {
    let address = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    let socket = tokio::net::TcpListener::from_std(listener)?;
    let (close, closed) = oneshot::channel();
    let mut listener = Listener::new(&house.config.smtp_ehlo);
    if let Some(files) = &house.config.inbound_tls {
        listener.certificate = Some(Arc::new(Certificate::read(&files.certificate, &files.key)?));
    }
    let serving = listener.serve(socket, Inbox::new(house.clone()), async {
        let _ = closed.await;
    });
    tracing::info!(%address, "taking bounces and unsubscribe mail");
    Ok(Inbound { address, close, receiving: tokio::spawn(serving) })
}

fn serve_web(house: &House, listener: TcpListener) -> Result<(Web, ServerHandle), StartError> {
    let web = Web::new(house.clone());
    let serving = web.clone();
    let server = HttpServer::new(move || application(serving.clone()))
        .client_request_timeout(REQUEST_TIMEOUT)
        .disable_signals()
        .shutdown_timeout(FAREWELL.as_secs())
        .listen(listener)?
        .run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok((web, handle))
}

fn serve_metrics(
    house: &House,
    requests: Requests,
    listener: TcpListener,
) -> Result<(SocketAddr, ServerHandle), StartError> {
    let address = listener.local_addr()?;
    let served = metrics::served(house.clone(), requests);
    let server = HttpServer::new(move || metrics::application(served.clone()))
        .workers(1)
        .client_request_timeout(REQUEST_TIMEOUT)
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = server.handle();
    tokio::spawn(server);
    tracing::info!(%address, "serving metrics");
    Ok((address, handle))
}

/// The mail servers of the settings, for a mailer.
pub fn relays(house: &House) -> Relays {
    relays_over(house, &Tls::from_system())
}

fn relays_over(house: &House, tls: &Tls) -> Relays {
    let relay = |server| mail_servers::relay(house, server, tls.clone());
    Relays::new(house.clock.clone(), house.config.smtp.iter().map(relay).collect())
}

/// The socket that systemd opened for us (`postduif.socket`), or else one of our own.
fn handed_or_own(address: SocketAddr) -> Result<TcpListener, StartError> {
    match config::handed_listener()? {
        Some(listener) => Ok(listener),
        None => listen(address),
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => StartError::PortInUse(address),
        _ => StartError::Listen(address, error),
    })
}

impl Running {
    /// Where metrics are served, if they are.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|(address, _)| *address)
    }

    /// Where bounces and unsubscribe mail are taken, if they are.
    pub fn inbound_address(&self) -> Option<SocketAddr> {
        self.inbound.as_ref().map(|inbound| inbound.address)
    }

    /// Works until the process is told to stop (SIGTERM or SIGINT), then finishes what is in hand.
    pub async fn until_told(mut self, signals: Signals) {
        let Signals { mut terminate, mut interrupt, mut hang_up } = signals;
        systemd::ready();
        let watched = systemd::watched();
        loop {
            tokio::select! {
                _ = terminate.recv() => tracing::info!("told to stop; finishing what is in hand"),
                _ = interrupt.recv() => tracing::info!("interrupted; finishing what is in hand"),
                _ = hang_up.recv() => {
                    self.read_anew().await;
                    continue;
                }
                by = set_back::noticed(&self.house), if self.workers.is_some() => {
                    // The database may not answer for a long time, and who stops us does not wait for it.
                    tokio::select! {
                        () = self.begin_anew(by) => continue,
                        _ = terminate.recv() => tracing::info!("told to stop"),
                        _ = interrupt.recv() => tracing::info!("interrupted"),
                    }
                }
            }
            break;
        }
        systemd::stopping();
        if let Some(watched) = watched {
            watched.abort();
        }
        self.stop().await;
    }

    /// The clock was set back: whatever waits for a moment in memory would wait for it twice, so that the workers finish what
    /// is in hand and begin anew.
    async fn begin_anew(&mut self, by: Duration) {
        tracing::error!(seconds = by.as_secs(), "the clock was set back; the workers begin anew");
        let Some((jobs, mailer)) = self.workers.take() else { return };
        let _ = tokio::join!(timeout_at(Instant::now() + END, jobs.stop()), mailer.stop());
        set_back::mend_at_last(&self.house, by).await;
        while self.workers.is_none() {
            match at_work_for(&self.house, &self.tls).await {
                Ok(workers) => self.workers = Some(workers),
                Err(error) => {
                    tracing::error!(%error, "the workers cannot begin; it is tried again");
                    tokio::time::sleep(LAST_WORDS).await;
                }
            }
        }
    }

    /// Reads anew what may change while we work (SIGHUP). A fault changes nothing: better yesterday's templates than none.
    async fn read_anew(&self) {
        systemd::reloading();
        let (house, tls) = (self.house.clone(), self.tls.clone());
        match tokio::task::spawn_blocking(move || house.refurnish(&tls)).await {
            Ok(Ok(())) => tracing::info!(
                "the templates and the certificates of whom we trust are read anew; settings need a restart"
            ),
            Ok(Err(error)) => tracing::error!(%error, "nothing is read anew, and what held before holds on"),
            Err(error) => tracing::error!(%error, "reading anew broke off, and what held before holds on"),
        }
        systemd::ready();
    }

    /// Takes nothing new, finishes what is in hand, and closes the database.
    pub async fn stop(self) {
        let end = Instant::now() + END;
        if let Some((web, _)) = &self.web {
            web.drain();
        }
        self.house.fetcher.stop();
        // The listener has a patience of its own for what is on its way in.
        let inbound = async {
            if let Some(inbound) = self.inbound {
                let _ = inbound.close.send(());
                let _ = inbound.receiving.await;
            }
        };
        let workers = async {
            if let Some((jobs, mailer)) = self.workers {
                let _ = tokio::join!(timeout_at(end, jobs.stop()), mailer.stop());
            }
        };
        let web = async {
            if let Some((_, server)) = self.metrics {
                server.stop(false).await;
            }
            if let Some((_, server)) = self.web {
                server.stop(true).await;
            }
        };
        // Whoever is cut off here was waited for as long as we may wait ourselves.
        let web = timeout_at(end, web);
        if self.house.db.path().is_some() {
            let _ = tokio::join!(inbound, workers, web);
        } else {
            // Workers before the web: they may hold a connection that a thread of the web opened.
            tokio::join!(inbound, workers);
            let _ = web.await;
        }
        self.counting.abort();
        if let Ok(Err(error)) = timeout_at(end.max(Instant::now() + LAST_WORDS), tally::store(&self.house)).await {
            tracing::warn!(%error, "what was counted last is not stored");
        }
        let _ = timeout_at(end.max(Instant::now() + LAST_WORDS), self.house.db.close()).await;
        drop(self.at_work);
    }
}
