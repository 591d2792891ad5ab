//! Connections that share the work: as fast as replies come, or as it falls due.

use super::{Connection, Schedule};
use anyhow::{Context, Result, ensure};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

/// Writes a request and checks its reply.
pub(crate) trait Work: Send + Sync + 'static {
    /// Writes the whole request `number` in place of what was in `out`.
    fn request(&self, number: u64, out: &mut Vec<u8>);

    /// Whether a reply's body is what is measured.
    fn is_good(&self, body: &[u8]) -> bool;
}

/// Work, and the number of the next request.
pub(crate) struct Numbered<W> {
    pub(crate) work: Arc<W>,
    pub(crate) next: Arc<AtomicU64>,
}

impl<W> Clone for Numbered<W> {
    fn clone(&self) -> Self {
        Self { work: Arc::clone(&self.work), next: Arc::clone(&self.next) }
    }
}

/// Requests one after the other on each of `connections`, for `length`; replies per second.
///
/// # Errors
/// When a connection fails or a reply is not good.
pub(crate) fn closed(
    runtime: &Runtime,
    to: SocketAddr,
    connections: usize,
    length: Duration,
    work: &Numbered<impl Work>,
) -> Result<f64> {
    runtime.block_on(async {
        let mut opened = Vec::with_capacity(connections);
        for _ in 0..connections {
            opened.push(Connection::open(to).await?);
        }
        let over = Arc::new(AtomicBool::new(false));
        let begun = Instant::now();
        let mut all = JoinSet::new();
        for mut connection in opened {
            let (work, over) = (work.clone(), Arc::clone(&over));
            all.spawn(async move {
                let (mut request, mut count) = (Vec::new(), 0_u64);
                while !over.load(Ordering::Relaxed) {
                    work.work.request(work.next.fetch_add(1, Ordering::Relaxed), &mut request);
                    let body = connection.exchange(&request).await?;
                    ensure!(work.work.is_good(body), "unexpected reply: {}", String::from_utf8_lossy(body));
                    count += 1;
                }
                Ok(count)
            });
        }
        tokio::time::sleep(length).await;
        over.store(true, Ordering::Relaxed);
        let took = begun.elapsed();
        let mut count = 0;
        while let Some(one) = all.join_next().await {
            count += one.context("a connection's task")??;
        }
        Ok(count as f64 / took.as_secs_f64())
    })
}

/// A request that is due.
struct Order {
    number: u64,
    due: Instant,
}

#[derive(Default)]
struct Idle {
    /// Connections without work.
    free: Vec<usize>,
    /// Work without a connection.
    waiting: VecDeque<Order>,
}

/// Connections that take requests as they fall due, however many replies are still to come.
pub(crate) struct Pool {
    idle: Arc<Mutex<Idle>>,
    orders: Vec<UnboundedSender<Order>>,
    all: JoinSet<Result<Vec<(u64, Duration)>>>,
}

impl Pool {
    /// Opens the connections.
    ///
    /// # Errors
    /// When nobody listens.
    pub(crate) fn open(
        runtime: &Runtime,
        to: SocketAddr,
        connections: usize,
        work: &Arc<impl Work>,
    ) -> Result<Self> {
        let mut pool = Self { idle: Arc::default(), orders: Vec::new(), all: JoinSet::new() };
        for place in 0..connections {
            let connection = runtime.block_on(Connection::open(to))?;
            let (sender, orders) = unbounded_channel();
            pool.orders.push(sender);
            lock(&pool.idle).free.push(place);
            let (idle, work, used) = (Arc::clone(&pool.idle), Arc::clone(work), Instant::now());
            let one = One { place, to, connection, used, idle, orders, work };
            pool.all.spawn_on(one.run(), runtime.handle());
        }
        Ok(pool)
    }

    /// Sends the requests of a schedule, numbered from `first`, and returns the latency of each from when it was due.
    ///
    /// # Errors
    /// When a connection fails or a reply is not good.
    pub(crate) fn keep(
        mut self,
        runtime: &Runtime,
        schedule: &Schedule,
        first: u64,
    ) -> Result<Vec<(u64, Duration)>> {
        schedule.keep(|number, due| self.order(Order { number: first + number, due }));
        self.orders.clear();
        let mut taken = Vec::with_capacity(usize::try_from(schedule.count).unwrap_or_default());
        runtime.block_on(async {
            while let Some(one) = self.all.join_next().await {
                taken.extend(one.context("a connection's task")??);
            }
            ensure!(taken.len() as u64 == schedule.count, "{} of {}", taken.len(), schedule.count);
            Ok(taken)
        })
    }

    fn order(&self, order: Order) {
        let mut idle = lock(&self.idle);
        match idle.free.pop().and_then(|place| self.orders.get(place)) {
            // A connection that failed is told at the end.
            Some(sender) => drop(sender.send(order)),
            None => idle.waiting.push_back(order),
        }
    }
}

/// A connection that had no work for so long is opened anew, as clients do: servers close idle ones, Huiyin after 15 s.
const IDLE: Duration = Duration::from_secs(4);

/// One connection of a pool.
struct One<W> {
    place: usize,
    to: SocketAddr,
    connection: Connection,
    /// When it had its last reply.
    used: Instant,
    idle: Arc<Mutex<Idle>>,
    orders: UnboundedReceiver<Order>,
    work: Arc<W>,
}

impl<W: Work> One<W> {
    async fn run(mut self) -> Result<Vec<(u64, Duration)>> {
        let (mut request, mut taken) = (Vec::new(), Vec::new());
        while let Some(order) = self.orders.recv().await {
            let mut next = Some(order);
            while let Some(Order { number, due }) = next {
                self.work.request(number, &mut request);
                if self.used.elapsed() > IDLE {
                    self.connection = Connection::open(self.to).await?;
                }
                let body = self.connection.exchange(&request).await?;
                taken.push((number, due.elapsed()));
                self.used = Instant::now();
                ensure!(self.work.is_good(body), "unexpected reply: {}", String::from_utf8_lossy(body));
                let mut idle = lock(&self.idle);
                next = idle.waiting.pop_front();
                if next.is_none() {
                    idle.free.push(self.place);
                }
            }
        }
        Ok(taken)
    }
}

fn lock(idle: &Mutex<Idle>) -> MutexGuard<'_, Idle> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
