//! One limit for the processes of many machines, kept in Redis.

pub mod address;

