//! The gate that process trees pass before their start, while rules are in force.
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands arguments over by value")]

use super::enums::mirrored;
use super::error::{Result, system};
use super::waker::waker;
use crate::admission::{self, Amount, InForce, Learnt, Machine, Reservation, Rules, Status, memory, processor};
use crate::process::cpu::cores;
use crate::process::host_limit::Charges;
use crate::supervisor::Supervisor;
use napi::bindgen_prelude::Function;
use napi_derive::napi;
use std::path::PathBuf;

/// An amount of memory: bytes or a percentage.
#[napi(object, object_to_js = false)]
pub struct MemoryAmount {
    /// The bytes.
    pub bytes: Option<f64>,
    /// The percentage of the memory that this process may use.
    pub percent: Option<f64>,
}

/// The rules of a gate, checked by `lib/`.
#[napi(object, object_to_js = false)]
pub struct GateRules {
    /// Lets the limit of calls follow the processors.
    pub auto: bool,
    /// The most memory that all processes may have together.
    pub budget: Option<MemoryAmount>,
    /// The memory that stays free.
    pub reserve: Option<MemoryAmount>,
    /// The most that the limit rises to.
    pub max: Option<u32>,
    /// The place in which the processes of the user share their charges; without one this process is alone.
    pub shared: Option<SharedCharges>,
}

/// The place in which processes share their charges.
#[napi(object, object_to_js = false)]
pub struct SharedCharges {
    /// The folder; the user's own by default.
    pub folder: Option<String>,
}

mirrored! {
    #[doc = " The cause for which starts or calls wait."]
    #[napi(string_enum = "lowercase")]
    pub enum GateCause <= admission::LimitedBy {
        Slots,
        Memory,
        Cpu,
    }
}

mirrored! {
    #[doc = " The reason for a change of the limit."]
    #[napi(string_enum = "lowercase")]
    pub enum GateReason <= admission::Reason {
        Demand,
        Cpu,
    }
}

mirrored! {
    #[doc = " The state of a reservation: before its admission, until a start takes it over, and afterwards."]
    #[napi(string_enum = "lowercase")]
    pub enum ReservationState <= admission::Right {
        Waiting,
        Held,
        Used,
    }
}

/// The state of the gate. Sizes are in bytes.
#[napi(object, object_from_js = false)]
pub struct GateStatus {
    /// The limit of calls, if it follows the processors.
    pub limit: Option<u32>,
    /// The cause for which starts or calls wait.
    pub limited_by: Option<GateCause>,
    /// The reason for the latest change of the limit.
    pub reason: Option<GateReason>,
    /// The processes that were admitted and have not exited.
    pub running: u32,
    /// The starts that wait.
    pub waiting: u32,
    /// The memory that these processes have of their own.
    pub used: f64,
    /// The memory that stays free, once it is known.
    pub reserve: Option<f64>,
    /// The memory that may still be used, as it was read last.
    pub available: Option<f64>,
    /// The most memory that this process and its children may use.
    pub total: Option<f64>,
}

/// The memory that was learnt about a server. Sizes are in bytes.
#[napi(object, object_from_js = false)]
pub struct LearntMemory {
    /// The server.
    pub server: String,
    /// The expected peak of its next process.
    pub mean: f64,
    /// The standard deviation of the peaks.
    pub deviation: f64,
    /// The number of peaks behind these; 0 for an unknown server.
    pub peaks: u32,
    /// The number of its processes that run.
    pub running: u32,
    /// The number of its starts that wait.
    pub waiting: u32,
}

/// Rules that are in force until `close()`.
#[napi]
pub struct ProcessGate(Option<InForce>);

#[napi]
impl ProcessGate {
    /// Puts rules in force. `changed` is called when the limit or the cause of waiting has changed, and does not keep the
    /// event loop alive.
    #[napi(constructor)]
    pub fn new(mut rules: GateRules, changed: Function<(), ()>) -> Result<Self> {
        let supervisor = Supervisor::get().map_err(system)?;
        let changed = waker(&changed)?;
        let shared = rules.shared.take().map(|SharedCharges { folder }| Charges::new(folder.map(PathBuf::from)));
        let runtime = supervisor.runtime.handle();
        Ok(Self(Some(supervisor.registry.gate.enforce(rules.into(), shared, runtime, changed))))
    }

    /// Notes whether calls wait because as many as the limit allows are in flight.
    #[napi]
    pub fn set_full(&self, is_full: bool) {
        if let Some(in_force) = &self.0 {
            in_force.set_full(is_full);
        }
    }

    /// Takes the rules back.
    #[napi]
    pub fn close(&mut self) {
        self.0 = None;
    }
}

/// The right to start one process of a server, or a wait for it.
#[napi]
pub struct StartReservation(Option<Reservation>);

#[napi]
impl StartReservation {
    /// Queues for the right. `admitted` is called when the gate admits the process, and does not keep the event loop alive.
    #[napi(constructor)]
    pub fn new(server: String, admitted: Function<(), ()>) -> Result<Self> {
        let supervisor = Supervisor::get().map_err(system)?;
        let admitted = waker(&admitted)?;
        let (reservation, granted) = supervisor.registry.gate.reserve(&server);
        supervisor.runtime.spawn(async move {
            if granted.await.is_ok() {
                admitted();
            }
        });
        Ok(Self(Some(reservation)))
    }

    /// Returns the state.
    #[napi]
    pub fn state(&self) -> ReservationState {
        self.0.as_ref().map_or(admission::Right::Used, Reservation::state).into()
    }

    /// Gives the right back, unless a start has taken it over.
    #[napi]
    pub fn release(&mut self) {
        self.0 = None;
    }
}

/// Returns the state of the gate, or undefined while the gate is off.
#[napi]
pub fn gate_status() -> Option<GateStatus> {
    Supervisor::existing()?.registry.gate.status().map(GateStatus::from)
}

/// Returns the memory that was learnt about each server.
#[napi]
pub fn gate_learnt() -> Vec<LearntMemory> {
    let learnt = Supervisor::existing().map(|supervisor| supervisor.registry.gate.learnt()).unwrap_or_default();
    learnt.into_iter().map(LearntMemory::from).collect()
}

impl From<GateRules> for Rules {
    fn from(GateRules { auto, budget, reserve, max, .. }: GateRules) -> Self {
        let amount = |amount: Option<MemoryAmount>| amount.and_then(MemoryAmount::amount);
        let memory = memory::Rules { budget: amount(budget), reserve: amount(reserve) };
        let max = max.map(|max| max as usize);
        Self { memory: Some(memory), processor: auto.then(|| processor::Rules { cores: cores(), max }) }
    }
}

impl MemoryAmount {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number up to 2^53")]
    fn amount(self) -> Option<Amount> {
        self.percent.map(Amount::Percent).or(self.bytes.map(|bytes| Amount::Bytes(bytes as u64)))
    }
}

impl From<Status> for GateStatus {
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    fn from(status: Status) -> Self {
        let of_machine = |size: fn(Machine) -> u64| status.machine.map(|machine| size(machine) as f64);
        Self {
            limit: status.limit.map(whole),
            limited_by: status.limited_by.map(GateCause::from),
            reason: status.reason.map(GateReason::from),
            running: whole(status.running),
            waiting: whole(status.waiting),
            used: status.used as f64,
            reserve: status.reserve.map(f64::round),
            available: of_machine(|machine| machine.available),
            total: of_machine(|machine| machine.total),
        }
    }
}

impl From<Learnt> for LearntMemory {
    fn from(learnt: Learnt) -> Self {
        Self {
            server: learnt.server.to_string(),
            mean: learnt.estimate.mean.round(),
            deviation: learnt.estimate.variance.sqrt().round(),
            peaks: whole(learnt.peaks),
            running: whole(learnt.running),
            waiting: whole(learnt.waiting),
        }
    }
}

fn whole(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
