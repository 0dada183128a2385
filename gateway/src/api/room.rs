//! Room for connections: a bound for all, one for each address, and a part kept for the box itself.

use super::options::{CONNECTIONS_KEPT_FOR_BOX, CONNECTIONS_MAX, CONNECTIONS_OF_ADDRESS_MAX};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who is connected.
#[derive(Debug, Clone, Default)]
pub(super) struct Room(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    n: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    room: Room,
    address: IpAddr,
}

impl Room {
    /// A place for a connection from there, if there is one.
    pub(super) fn seat(&self, address: IpAddr) -> Option<Seat> {
        let address = address.to_canonical();
        let mut taken = self.taken();
        let of_address = taken.by_address.get(&address).copied().unwrap_or(0);
        let has_room = match address.is_loopback() {
            true => taken.n < CONNECTIONS_MAX,
            false => taken.n < CONNECTIONS_MAX - CONNECTIONS_KEPT_FOR_BOX && of_address < CONNECTIONS_OF_ADDRESS_MAX,
        };
        if !has_room {
            return None;
        }
        taken.n += 1;
        taken.by_address.insert(address, of_address + 1);
        Some(Seat { room: self.clone(), address })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.room.taken();
        taken.n -= 1;
        let left = taken.by_address.get(&self.address).copied().unwrap_or(1) - 1;
        match left {
            0 => drop(taken.by_address.remove(&self.address)),
            n => drop(taken.by_address.insert(self.address, n)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn one_address_and_the_network_leave_room_for_others() {
        let room = Room::default();
        let mut held = Vec::new();
        let mut take = |address: Ipv4Addr| {
            let seat = room.seat(IpAddr::V4(address));
            let got = seat.is_some();
            held.extend(seat);
            got
        };
        let n = (0..1_000).filter(|_| take(Ipv4Addr::new(10, 0, 0, 1))).count();
        assert_eq!(n, CONNECTIONS_OF_ADDRESS_MAX);
        let n = (0..5_000).filter(|n| take(Ipv4Addr::new(10, 0, 1, (n % 100) as u8))).count();
        assert_eq!(n, CONNECTIONS_MAX - CONNECTIONS_KEPT_FOR_BOX - CONNECTIONS_OF_ADDRESS_MAX);
        let n = (0..1_000).filter(|_| take(Ipv4Addr::LOCALHOST)).count();
        assert_eq!(n, CONNECTIONS_KEPT_FOR_BOX);
        held.clear();
        assert!(room.taken().by_address.is_empty() && room.taken().n == 0);
    }
}
