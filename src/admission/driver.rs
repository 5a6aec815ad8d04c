//! The task that reads memory and load while the gate is on, and ends idle processes to make room.

use super::gate::{Gate, IdleTrees};
use crate::blocking::blocking;
use crate::limit::controller::{ProcessId, Reading};
use crate::limit::memory::Machine;
use crate::limit::processor::Pressure;
use crate::process::available::{Memory, memory};
use crate::process::cpu::{CpuLoad, CpuMeter};
use crate::process::own_memory::own_memory;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::time::{Instant, sleep_until};

/// Reads the machine, and the trees below these pids.
pub type Sensor = Box<dyn FnMut(&[(ProcessId, u32)]) -> Reading + Send>;

/// The time of the next reading.
enum Due {
    /// No rules are in force any more, or a later driver has taken over.
    Over,
    /// The next event decides.
    AfterEvent,
    At(Instant),
    /// Not yet, but the charges of other processes are needed for a decision.
    Exchange,
}

/// Returns the sensor of the real machine.
pub fn system() -> Sensor {
    let mut meter = CpuMeter::default();
    Box::new(move |trees| {
        // The machine first: memory of a tree that exits in between would look like a fall that others have caused.
        let machine = memory().map(|Memory { total, available }| Machine { available, total });
        let pids: Vec<u32> = trees.iter().map(|(_, pid)| *pid).collect();
        let sizes = trees.iter().zip(own_memory(&pids)).filter_map(|((process, _), size)| Some((*process, size?)));
        let trees = sizes.collect();
        let pressure = meter.read().map(|load| match load {
            CpuLoad::Pressure(percent) => Pressure::Waiting(percent),
            CpuLoad::Busy(percent) => Pressure::Busy(percent),
        });
        Reading { machine, pressure, trees }
    })
}

/// Reads whenever a reading is due, until no rules are in force. `first` is the number of the first setter.
pub async fn run(gate: Arc<Gate>, first: u64, mut sensor: Sensor) {
    loop {
        match gate.due(first) {
            Due::Over => {
                // This driver may have taken an event from the next one.
                gate.changed.notify_one();
                return;
            }
            Due::AfterEvent => gate.changed.notified().await,
            Due::At(time) if time > Instant::now() => tokio::select! {
                () = gate.changed.notified() => {}
                () = sleep_until(time) => {}
            },
            Due::At(_) => sensor = gate.look(sensor, true).await,
            Due::Exchange => sensor = gate.look(sensor, false).await,
        }
    }
}

impl Gate {
    fn due(&self, first: u64) -> Due {
        let inner = self.inner.lock();
        if inner.rules.is_empty() || inner.driver != first {
            return Due::Over;
        }
        let next = inner.controller.next_reading().map(|time| inner.begin + time);
        match next {
            Some(time) if time <= Instant::now() => Due::At(time),
            _ if inner.is_undecided => Due::Exchange,
            next => next.map_or(Due::AfterEvent, Due::At),
        }
    }

    /// Takes a reading, if one is due, and decides.
    async fn look(self: &Arc<Self>, mut sensor: Sensor, is_due: bool) -> Sensor {
        let trees = self.trees();
        let shared = self.inner.lock().shares.values().next().cloned();
        let gate = Arc::clone(self);
        let reading = blocking(move || {
            let mut read = || sensor(&trees);
            let reading = match shared {
                // The decision falls before the turn of another process begins.
                Some(charges) => {
                    charges.lock().exchange(gate.most(), |others| gate.adopt(is_due.then(&mut read), Some(others)));
                    None
                }
                None => Some(read()),
            };
            (sensor, reading)
        });
        // After a panic, or without a thread, the starts go on as the last reading allows.
        let (sensor, reading) = reading.await.unwrap_or_else(|_| (system(), Some(Reading::default())));
        if let Some(reading) = reading {
            self.adopt(Some(reading), None);
        }
        sensor
    }

    /// Returns the bytes that this process can use at most, and that no charge exceeds.
    fn most(&self) -> u64 {
        self.inner.lock().machine.map_or(u64::MAX, |machine| machine.total)
    }

    fn trees(&self) -> Vec<(ProcessId, u32)> {
        let inner = self.inner.lock();
        inner.running.iter().filter_map(|(process, running)| Some((*process, running.topmost_pid?))).collect()
    }

    /// Takes a reading and the charges of other processes, decides, and ends the idle processes that are in the way of the next
    /// start. Returns the own charge.
    fn adopt(&self, reading: Option<Reading>, others: Option<u64>) -> u64 {
        let holders: Vec<Arc<dyn IdleTrees>> =
            self.holders.lock().iter().filter_map(std::sync::Weak::upgrade).collect();
        // Holders are asked while the gate is not locked, because they have locks of their own.
        let idle: HashMap<u64, std::time::Instant> =
            holders.iter().flat_map(|holder| Arc::clone(holder).idle()).collect();
        let (chosen, charge) = self.decide(|inner, now| {
            inner.is_undecided = false;
            // The last setter that shares may have gone during the exchange.
            if let Some(others) = others.filter(|_| !inner.shares.is_empty()) {
                inner.controller.set_charged_by_others(others);
            }
            if let Some(reading) = reading {
                inner.machine = reading.machine.or(inner.machine);
                if inner.rules.len() > 1 {
                    inner.adopt_rules();
                }
                inner.controller.read(&reading, now);
            }
            for (process, running) in inner.running.iter().filter(|(_, running)| !running.is_ending) {
                match idle.get(&running.tree) {
                    Some(since) => {
                        let since = since.saturating_duration_since(inner.begin.into_std());
                        // It may have been used since the last reading.
                        inner.controller.set_busy(*process);
                        inner.controller.set_idle(*process, since);
                    }
                    None => inner.controller.set_busy(*process),
                }
            }
            inner.admit_all(now);
            let chosen = inner.controller.make_room(now);
            let trees = chosen.iter().filter_map(|process| {
                let running = inner.running.get_mut(process)?;
                running.is_ending = true;
                Some((*process, running.tree))
            });
            (trees.collect::<Vec<_>>(), inner.controller.charge())
        });
        for (process, tree) in chosen {
            let is_ending = holders.iter().any(|holder| Arc::clone(holder).evict(tree));
            if !is_ending {
                self.change(|inner, _| {
                    if let Some(running) = inner.running.get_mut(&process) {
                        running.is_ending = false;
                        inner.controller.set_busy(process);
                    }
                });
            }
        }
        charge
    }
}
