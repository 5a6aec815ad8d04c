//! The memory that the processes of one server have needed.

use std::collections::VecDeque;

#[cfg(test)]
mod tests;

/// Identifies a process from its request to start until its end. Identifiers rise in the order of the requests.
pub type ProcessId = u64;

/// The number of peaks that are kept of each server.
pub const KEPT: usize = 30;
/// The memory in bytes that an unknown server counts.
pub const UNKNOWN: f64 = 256.0 * 1024.0 * 1024.0;
/// The number of the newest peaks whose mean counts where that mean is greater than the mean of all.
const NEWEST: usize = 5;
/// The number of peaks from which their variance is meaningful.
const ENOUGH: usize = 3;
/// The standard deviation in proportion to the mean, while the peaks are too few.
const GUESSED_DEVIATION: f64 = 0.25;
/// The number of standard deviations above the mean from which a running process is a surprise.
const SURPRISE: f64 = 2.0;

/// The memory that a process is expected to need at most, in bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The expected peak.
    pub mean: f64,
    /// The variance of the peak.
    pub variance: f64,
}

impl Default for Estimate {
    /// Returns the estimate for an unknown server.
    fn default() -> Self {
        Self { mean: UNKNOWN, variance: 0.0 }
    }
}

impl Estimate {
    /// Returns whether a peak is so high that the estimate is no longer believed.
    pub fn is_outgrown(&self, peak: u64) -> bool {
        bytes(peak) > self.mean + SURPRISE * self.variance.sqrt()
    }
}

/// The last peaks of one server, at most [`KEPT`].
#[derive(Debug, Clone, Default)]
pub struct Peaks {
    /// The peaks by process, the oldest first.
    peaks: VecDeque<(ProcessId, u64)>,
    estimate: Estimate,
}

impl Peaks {
    /// Notes the peak of a process. A later and higher peak of the same process replaces the earlier one.
    pub fn note(&mut self, process: ProcessId, peak: u64) {
        match self.peaks.iter_mut().find(|(noted, _)| *noted == process) {
            Some((_, noted)) if *noted >= peak => return,
            Some((_, noted)) => *noted = peak,
            None => {
                if self.peaks.len() == KEPT {
                    self.peaks.pop_front();
                }
                self.peaks.push_back((process, peak));
            }
        }
        self.estimate = estimate(&self.peaks.iter().map(|(_, peak)| bytes(*peak)).collect::<Vec<_>>());
    }

    /// Returns the number of peaks that are kept.
    pub fn len(&self) -> usize {
        self.peaks.len()
    }

    /// Returns whether nothing was learnt.
    pub fn is_empty(&self) -> bool {
        self.peaks.is_empty()
    }

    /// Returns the estimate for the next process.
    pub fn estimate(&self) -> Estimate {
        self.estimate
    }
}

/// Returns the estimate that follows from peaks, the oldest first. A server whose newest processes need more is believed
/// at once; a server whose newest processes need less is believed as the old peaks leave.
fn estimate(peaks: &[f64]) -> Estimate {
    if peaks.is_empty() {
        return Estimate::default();
    }
    let of_all = mean(peaks);
    let newest = &peaks[peaks.len().saturating_sub(NEWEST)..];
    let of_newest = if peaks.len() < NEWEST { newest.iter().copied().fold(0.0, f64::max) } else { mean(newest) };
    let mean = of_all.max(of_newest);
    let variance = if peaks.len() < ENOUGH {
        (GUESSED_DEVIATION * mean).powi(2)
    } else {
        peaks.iter().map(|peak| (peak - of_all).powi(2)).sum::<f64>() / count(peaks.len() - 1)
    };
    Estimate { mean, variance }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / count(values.len())
}

/// Converts bytes, exactly up to 8 PiB.
#[expect(clippy::cast_precision_loss, reason = "no machine has memory in petabytes")]
pub(super) fn bytes(bytes: u64) -> f64 {
    bytes as f64
}

#[expect(clippy::cast_precision_loss, reason = "at most as many as are kept")]
fn count(count: usize) -> f64 {
    count as f64
}
