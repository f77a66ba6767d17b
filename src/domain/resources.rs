//! Amounts of compute: what nodes have and pods ask for.

use std::ops::{Add, AddAssign, Sub, SubAssign};

/// CPU, memory and GPUs. Sums saturate; a difference never goes below zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Amount {
    /// Thousandths of a core.
    pub cpu_milli: u64,
    /// Bytes of memory.
    pub mem_bytes: u64,
    /// Whole GPUs (`nvidia.com/gpu`, `amd.com/gpu`).
    pub gpu: u32,
}

impl Amount {
    /// The larger of each part.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            cpu_milli: self.cpu_milli.max(other.cpu_milli),
            mem_bytes: self.mem_bytes.max(other.mem_bytes),
            gpu: self.gpu.max(other.gpu),
        }
    }

    /// Whether every part is zero.
    pub fn is_zero(self) -> bool {
        self == Self::default()
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Self {
            cpu_milli: self.cpu_milli.saturating_add(o.cpu_milli),
            mem_bytes: self.mem_bytes.saturating_add(o.mem_bytes),
            gpu: self.gpu.saturating_add(o.gpu),
        }
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        Self {
            cpu_milli: self.cpu_milli.saturating_sub(o.cpu_milli),
            mem_bytes: self.mem_bytes.saturating_sub(o.mem_bytes),
            gpu: self.gpu.saturating_sub(o.gpu),
        }
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, o: Self) {
        *self = *self + o;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, o: Self) {
        *self = *self - o;
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), Add::add)
    }
}
