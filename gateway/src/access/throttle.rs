//! How often somebody may try a password. Pure: time is an argument.
//!
//! Three limits, each for another attack, and none that locks the plant out:
//!
//! * **A user from one address.** Five tries are free, then each costs twice the wait of the one
//!   before, up to five minutes. Guessing one password this way gives some 300 tries a day. The
//!   same user from another address is another pair: whoever knocks at Anna's name from the office
//!   does not keep Anna from the panel at the line.
//! * **An address over all users**, so that one common password cannot be tried on everybody:
//!   thirty tries, then one every two seconds. A pair that signed in before is exempt: a guest at
//!   the proxy's address does not hold up those who work there.
//! * **All together**: one password is hashed at a time and few may wait (`password.rs`), with
//!   places kept for pairs that signed in before and for the box itself. That is the bound for an
//!   attack from many addresses.
//!
//! A try counts when it begins, so a hundred at once are a hundred. A success clears its pair. There
//! is no lock that only an administrator could open: each wait ends by itself, and the console
//! (`takt user password`) is never limited and clears a user's waits.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;
use takt_plant::MonoTime;

/// Tries of a user from an address before the first wait: people mistype.
const FREE: u32 = 5;
/// The longest wait.
const WAIT_MAX: Duration = Duration::from_secs(300);
/// A wait of this length is told in the audit log as a lock-out.
const LOCKED_FROM: Duration = Duration::from_secs(32);
/// The tries of a pair are forgotten after so long without one.
const FORGET_AFTER: Duration = Duration::from_secs(3_600);
/// Tries of an address over all users that need no wait.
const ADDRESS_BURST: u32 = 30;
/// Then one in so long.
const ADDRESS_EVERY: Duration = Duration::from_secs(2);
/// Pairs and addresses that are remembered. Beyond it the one that was tried longest ago is
/// forgotten: 4,096 addresses are more than a plant has panels.
const REMEMBERED_MAX: usize = 4_096;

/// Who tried what from where.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    pairs: HashMap<(String, IpAddr), Pair>,
    addresses: HashMap<IpAddr, MonoTime>,
}

#[derive(Debug, Clone, Copy)]
struct Pair {
    n_tries: u32,
    free_at: MonoTime,
    tried_at: MonoTime,
    /// A correct password came from here since the gateway started.
    known: bool,
}

/// A try that may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Admitted {
    /// This user signed in from there before.
    pub known: bool,
    /// What this try costs when it fails, where it is long enough to be a lock-out.
    pub locks_for: Option<Duration>,
}

impl Throttle {
    /// Counts a try. Without admission the password must not even be looked at.
    ///
    /// # Errors
    /// How long to wait.
    pub fn admit(&mut self, user: &str, from: IpAddr, now: MonoTime) -> Result<Admitted, Duration> {
        let from = network(from);
        let key = (user.to_lowercase(), from);
        let fresh = Pair { n_tries: 0, free_at: now, tried_at: now, known: false };
        let mut pair = self.pairs.get(&key).copied().unwrap_or(fresh);
        if now.since(pair.tried_at) > FORGET_AFTER {
            pair = Pair { known: pair.known, ..fresh };
        }
        if pair.free_at > now {
            return Err(pair.free_at.since(now));
        }
        if !pair.known {
            self.address(from, now)?;
        }
        pair.n_tries = pair.n_tries.saturating_add(1);
        let wait = wait_after(pair.n_tries);
        (pair.free_at, pair.tried_at) = (now.plus(wait), now);
        make_room(&mut self.pairs, |pair| pair.tried_at);
        self.pairs.insert(key, pair);
        Ok(Admitted { known: pair.known || from.is_loopback(), locks_for: (wait >= LOCKED_FROM).then_some(wait) })
    }

    /// The password was right: the pair is free and known from now on.
    pub fn passed(&mut self, user: &str, from: IpAddr, now: MonoTime) {
        let from = network(from);
        let pair = Pair { n_tries: 0, free_at: now, tried_at: now, known: true };
        let before = self.pairs.insert((user.to_lowercase(), from), pair);
        // The address gets back what this try took of it; a known pair took nothing.
        if let Some(full_at) = self.addresses.get_mut(&from)
            && before.is_some_and(|before| !before.known)
        {
            *full_at = MonoTime::from_ns(full_at.as_ns().saturating_sub(ADDRESS_EVERY.as_nanos() as u64));
        }
    }

    /// The try was not carried out after all: it does not count.
    pub fn withdrawn(&mut self, user: &str, from: IpAddr, now: MonoTime) {
        if let Some(pair) = self.pairs.get_mut(&(user.to_lowercase(), network(from))) {
            pair.n_tries = pair.n_tries.saturating_sub(1);
            pair.free_at = now;
        }
    }

    /// Clears every wait of a user; their addresses are strangers again.
    pub fn forget(&mut self, user: &str) {
        let user = user.to_lowercase();
        self.pairs.retain(|(name, _), _| *name != user);
    }

    /// The generic cell rate algorithm (ITU-T I.371): one time stamp an address.
    fn address(&mut self, from: IpAddr, now: MonoTime) -> Result<(), Duration> {
        let full_at = self.addresses.get(&from).copied().unwrap_or(now).max(now);
        let ahead = full_at.since(now);
        let allowed = ADDRESS_EVERY * (ADDRESS_BURST - 1);
        if ahead > allowed {
            return Err(ahead - allowed);
        }
        make_room(&mut self.addresses, |full_at| *full_at);
        self.addresses.insert(from, full_at.plus(ADDRESS_EVERY));
        Ok(())
    }
}

/// The wait after so many tries that failed.
fn wait_after(n_tries: u32) -> Duration {
    match n_tries.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(over) => Duration::from_secs(1_u64.checked_shl(over).unwrap_or(u64::MAX)).min(WAIT_MAX),
    }
}

/// A home has a whole /64 of IPv6, and it is one place.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        other => other,
    }
}

fn make_room<K: Clone + Eq + std::hash::Hash, V>(kept: &mut HashMap<K, V>, age: impl Fn(&V) -> MonoTime) {
    if kept.len() < REMEMBERED_MAX {
        return;
    }
    let oldest = kept.iter().min_by_key(|(_, value)| age(value)).map(|(key, _)| key.clone());
    if let Some(oldest) = oldest {
        kept.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 5));
    const PANEL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 9));

    fn at(s: u64) -> MonoTime {
        MonoTime::from_ns(0).plus(Duration::from_secs(s))
    }

    #[test]
    fn waits_grow_and_end() {
        let mut throttle = Throttle::default();
        let (mut now, mut waits) = (at(0), Vec::new());
        for _ in 0..20 {
            while let Err(wait) = throttle.admit("anna", OFFICE, now) {
                waits.push(wait.as_secs());
                now = now.plus(wait);
            }
        }
        assert_eq!(waits[..9], [1, 2, 4, 8, 16, 32, 64, 128, 256]);
        assert!(waits[9..].iter().all(|wait| *wait == 300), "{waits:?}");
    }

    #[test]
    fn a_long_wait_is_a_lock_out_and_does_not_reach_another_address_or_user() {
        let mut throttle = Throttle::default();
        let mut now = at(0);
        let mut locked = None;
        while locked.is_none() {
            match throttle.admit("anna", OFFICE, now) {
                Ok(admitted) => locked = admitted.locks_for,
                Err(wait) => now = now.plus(wait),
            }
        }
        assert_eq!(locked, Some(LOCKED_FROM));
        assert!(throttle.admit("Anna", OFFICE, now).is_err(), "letters' case is no way around");
        assert!(throttle.admit("anna", PANEL, now).is_ok());
        assert!(throttle.admit("berta", OFFICE, now).is_ok());
        throttle.forget("ANNA");
        assert!(throttle.admit("anna", OFFICE, now).is_ok(), "the console clears it");
    }

    #[test]
    fn tries_count_when_they_begin() {
        let mut throttle = Throttle::default();
        let n = (0..100).filter(|_| throttle.admit("anna", OFFICE, at(1)).is_ok()).count();
        assert_eq!(n, FREE as usize);
    }

    #[test]
    fn one_password_cannot_be_tried_on_everybody() {
        let mut throttle = Throttle::default();
        throttle.admit("anna", OFFICE, at(0)).expect("the first");
        throttle.passed("anna", OFFICE, at(0));
        let n = (0..1_000).filter(|n| throttle.admit(&format!("user{n}"), OFFICE, at(1)).is_ok()).count();
        assert_eq!(n, ADDRESS_BURST as usize);
        let known = throttle.admit("anna", OFFICE, at(1)).expect("those who work there are not held up");
        assert!(known.known);
        assert_eq!(throttle.admit("next", OFFICE, at(1)), Err(ADDRESS_EVERY));
        assert!(throttle.admit("next", PANEL, at(1)).is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let mut throttle = Throttle::default();
        for n in 0..3 * REMEMBERED_MAX as u32 {
            let from = IpAddr::V4(std::net::Ipv4Addr::from(n));
            drop(throttle.admit("anna", from, MonoTime::from_ns(u64::from(n))));
        }
        assert!(throttle.pairs.len() <= REMEMBERED_MAX && throttle.addresses.len() <= REMEMBERED_MAX);
    }

    #[test]
    fn a_whole_home_is_one_address() {
        let of = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(of("2001:db8:1:2::7"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::7"), of("2001:db8:1:3::7"));
        assert_eq!(of("::ffff:10.0.0.5"), OFFICE);
        assert!(of("::1").is_loopback());
    }
}
