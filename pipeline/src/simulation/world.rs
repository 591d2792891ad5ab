//! Processes under a schedule of faults.

use super::{Process, Sim, Violation};

/// How long, in steps, a silenced process is left alone at most.
const SILENCE: u64 = 4_000;

/// Which faults a schedule has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faults {
    /// None: everything must end.
    None,
    /// Requests fail, and processes die, stand still, are doubled, and end in order.
    All,
}

/// Name of the process that writes the input. It is no part of the line, so of its twins none has to end.
const FEEDER: &str = "feeder";

type Each = Box<dyn FnMut(&Sim)>;
type Make = Box<dyn Fn(&Sim) -> Process>;

struct Alive {
    process: Process,
    /// Stopped by a signal until that step.
    silent_until: u64,
}

struct Slot {
    name: String,
    make: Make,
    alive: Vec<Alive>,
    /// Nothing is started before that step.
    start_at: u64,
}

/// Everything that runs.
pub struct World {
    sim: Sim,
    slots: Vec<Slot>,
    steps: u64,
    faults: Faults,
    /// One fault in so many steps.
    rarity: u64,
    /// One marker is written in so many steps.
    markers: u64,
    /// Called between steps.
    each: Vec<Each>,
}

impl World {
    /// A world without processes.
    pub fn new(sim: &Sim) -> Self {
        let rarity = 60 + sim.random().below(600);
        let markers = if sim.random().one_in(3) { 2 + sim.random().below(6) } else { 1 };
        Self {
            sim: sim.clone(),
            slots: Vec::new(),
            steps: 0,
            faults: Faults::None,
            rarity,
            markers,
            each: Vec::new(),
        }
    }

    /// A process that is started, and started again whenever it has ended.
    pub fn run_always(&mut self, name: &str, make: impl Fn(&Sim) -> Process + 'static) {
        let slot = Slot { name: name.to_owned(), make: Box::new(make), alive: Vec::new(), start_at: 0 };
        self.slots.push(slot);
    }

    /// Something that is done between steps.
    pub fn each_step(&mut self, each: impl FnMut(&Sim) + 'static) {
        self.each.push(Box::new(each));
    }

    /// Plays so many steps.
    ///
    /// # Errors
    /// The first [`Violation`].
    pub fn play(&mut self, steps: u64, faults: Faults) -> Result<(), Violation> {
        self.set(faults);
        for _ in 0..steps {
            self.step()?;
        }
        Ok(())
    }

    /// Plays without faults until nothing is open any more; `open` tells what is.
    ///
    /// # Errors
    /// The first [`Violation`]; kind `stalled` when it takes more than `most` steps.
    pub fn settle(&mut self, most: u64, open: impl Fn(&Sim) -> Option<String>) -> Result<(), Violation> {
        self.set(Faults::None);
        for slot in &mut self.slots {
            slot.start_at = slot.start_at.min(self.steps + SILENCE / 4);
        }
        let until = self.steps + most;
        while self.steps < until {
            for _ in 0..100 {
                self.step()?;
            }
            let whole = self.slots.iter().all(|slot| slot.alive.len() == 1 || slot.name == FEEDER);
            if whole && self.sim.broker().is_quiet() && open(&self.sim).is_none() {
                return Ok(());
            }
        }
        let alive: Vec<_> = self.slots.iter().map(|slot| (&slot.name, slot.alive.len())).collect();
        let detail = format!("{:?}, {alive:?}, quiet {}", open(&self.sim), self.sim.broker().is_quiet());
        Err(Violation { kind: "stalled", detail })
    }

    fn set(&mut self, faults: Faults) {
        self.faults = faults;
        self.sim.set_faults(faults == Faults::All);
    }

    fn step(&mut self) -> Result<(), Violation> {
        self.steps += 1;
        self.pass_time();
        if self.faults == Faults::All && self.sim.random().one_in(self.rarity) {
            self.fault();
        }
        let slots = self.slots.len();
        let at = self.sim.random().index(slots);
        self.run(at);
        self.each.iter_mut().for_each(|each| each(&self.sim));
        match self.sim.broker().violation.take() {
            Some(violation) => Err(violation),
            None => Ok(()),
        }
    }

    fn pass_time(&mut self) {
        let mut broker = self.sim.broker();
        let mut random = self.sim.random();
        broker.now += random.millis(3);
        if !random.one_in(3) && random.one_in(self.markers) {
            broker.settle(&mut random);
        }
        broker.expire();
    }

    fn run(&mut self, at: usize) {
        let slot = &mut self.slots[at];
        if slot.alive.is_empty() && self.steps >= slot.start_at {
            self.sim.note(|| format!("{} starts", slot.name));
            slot.alive.push(Alive { process: (slot.make)(&self.sim), silent_until: 0 });
        }
        let mut index = 0;
        while index < slot.alive.len() {
            let alive = &mut slot.alive[index];
            if alive.silent_until > self.steps {
                index += 1;
                continue;
            }
            (alive.process.background)();
            match alive.process.crew.step(&self.sim) {
                None => index += 1,
                Some(ended) => {
                    self.sim.note(|| format!("{} ends: {ended:?}", slot.name));
                    slot.alive.remove(index);
                    slot.start_at = self.steps + self.sim.random().below(100);
                }
            }
        }
    }

    fn fault(&mut self) {
        let at = self.sim.random().index(self.slots.len());
        let kind = self.sim.random().below(12);
        let (steps, long) = (self.steps, self.sim.random().below(SILENCE));
        let slot = &mut self.slots[at];
        let name = slot.name.clone();
        match kind {
            0..=3 if !slot.alive.is_empty() => {
                self.sim.note(|| format!("{name} is killed"));
                slot.alive.clear();
                slot.start_at = steps + if self.sim.random().one_in(2) { 0 } else { long };
            }
            4 | 5 => {
                self.sim.note(|| format!("{name} stands still for {long} steps"));
                slot.alive.iter_mut().for_each(|alive| alive.silent_until = steps + long);
            }
            6 if slot.alive.len() == 1 => {
                self.sim.note(|| format!("{name} gets a twin, and stands still for {long} steps"));
                slot.alive[0].silent_until = steps + long;
                slot.alive.push(Alive { process: (slot.make)(&self.sim), silent_until: 0 });
            }
            7 | 8 => slot.alive.iter().for_each(|alive| {
                self.sim.note(|| format!("{name} is asked to end"));
                alive.process.stop.set(true);
            }),
            9 => {
                let skew = self.sim.random().millis(400) - 200;
                slot.alive.iter().for_each(|alive| alive.process.skew.set(skew));
            }
            10 => {
                let skew = self.sim.random().millis(400) - 200;
                self.sim.broker().skew = skew;
            }
            11 => self.sim.broker().now += 300,
            _ => {}
        }
    }
}
