//! The certificate that a gateway makes for itself, kept in its folder and renewed before it ends.

use super::pair::TlsError;
use crate::access::write_private;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};
use std::path::{Path, PathBuf};
use std::time::Duration;
use takt_plant::WallTime;

/// How long it holds: browsers refuse longer ones (825 days; Apple HT103769).
const HOLDS: Duration = Duration::from_hours(820 * 24);
/// It is made anew so long before its end.
const RENEW_BEFORE: Duration = Duration::from_hours(30 * 24);

/// A certificate of its own.
#[derive(Debug, Clone)]
pub struct Own {
    folder: PathBuf,
    gateway: String,
    names: Vec<String>,
}

impl Own {
    /// Of a gateway that is called by these names and addresses; the box's own are added.
    pub fn new(data_dir: &Path, gateway: &str, names: impl IntoIterator<Item = String>) -> Self {
        let mut all: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        all.extend(std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned()));
        all.extend(names);
        all.retain(|name| !name.is_empty());
        all.sort();
        all.dedup();
        Self { folder: data_dir.join("tls"), gateway: gateway.to_owned(), names: all }
    }

    /// Where the certificate lies.
    pub fn certificate(data_dir: &Path) -> PathBuf {
        data_dir.join("tls").join("certificate.pem")
    }

    /// Chain and key, made when there are none, when the names are others, or when they end soon.
    pub(super) fn read(&self, now: WallTime) -> Result<(Vec<u8>, Vec<u8>), TlsError> {
        let [certificate, key, made] = ["certificate.pem", "key.pem", "made"].map(|name| self.folder.join(name));
        let holds = std::fs::read_to_string(&made).is_ok_and(|text| self.still_holds(&text, now));
        if holds && let (Ok(certificate), Ok(key)) = (std::fs::read(&certificate), std::fs::read(&key)) {
            return Ok((certificate, key));
        }
        let end = now.plus(HOLDS);
        let (certificate_pem, key_pem) = self.make(now, end)?;
        let refused = |why: std::io::Error| TlsError::NotMade { why: format!("{}: {why}", self.folder.display()) };
        std::fs::create_dir_all(&self.folder).map_err(refused)?;
        write_private(&key, &key_pem).map_err(refused)?;
        write_private(&certificate, &certificate_pem).map_err(refused)?;
        write_private(&made, &self.made(end)).map_err(refused)?;
        Ok((certificate_pem.into_bytes(), key_pem.into_bytes()))
    }

    fn make(&self, now: WallTime, end: WallTime) -> Result<(String, String), TlsError> {
        let not_made = |why: rcgen::Error| TlsError::NotMade { why: why.to_string() };
        let key = KeyPair::generate().map_err(not_made)?;
        let mut params = CertificateParams::new(self.names.clone()).map_err(not_made)?;
        params.distinguished_name.push(DnType::CommonName, format!("Takt {}", self.gateway));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // A day earlier: the clocks of box and browser need not agree to the minute.
        let (from, to) = (date(now.minus(Duration::from_hours(24)))?, date(end)?);
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(to.0, to.1, to.2);
        let certificate = params.self_signed(&key).map_err(not_made)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// What the certificate was made for: its end, then its names, a line each.
    fn made(&self, end: WallTime) -> String {
        format!("{}\n{}\n", end.as_us(), self.names.join("\n"))
    }

    fn still_holds(&self, made: &str, now: WallTime) -> bool {
        let Some((end, names)) = made.split_once('\n') else { return false };
        let end_us: i64 = end.parse().unwrap_or(0);
        names.lines().eq(self.names.iter().map(String::as_str)) && now.plus(RENEW_BEFORE).as_us() < end_us
    }
}

/// Year, month and day, UTC.
fn date(at: WallTime) -> Result<(i32, u8, u8), TlsError> {
    let unfit = |what: &str| TlsError::NotMade { why: format!("the clock shows {what}") };
    let stamp = jiff::Timestamp::from_microsecond(at.as_us()).map_err(|_| unfit("no date"))?;
    let day = stamp.to_zoned(jiff::tz::TimeZone::UTC).date();
    let (month, of_month) = (day.month().unsigned_abs(), day.day().unsigned_abs());
    Ok((i32::from(day.year()), month, of_month))
}

#[cfg(test)]
mod tests {
    use super::super::{Source, Tls};
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn day(n: u64) -> WallTime {
        WallTime::from_ns(1_790_000_000_000_000_000).plus(Duration::from_hours(24 * n))
    }

    #[test]
    fn it_is_kept_and_renewed_before_its_end_or_for_another_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let own = |names: &[&str]| Own::new(dir.path(), "box-1", names.iter().map(|name| (*name).to_owned()));
        let shown = |own: Own, now| Tls::open(Source::Own(own), now).expect("it is made").fingerprint();
        let first = shown(own(&["box-1.plant.example"]), day(0));
        assert_eq!(first.len(), 95, "{first}");
        assert_eq!(first, shown(own(&["box-1.plant.example"]), day(700)), "a restart shows the same one");
        let named = shown(own(&["box-2.plant.example"]), day(700));
        assert_ne!(first, named);
        assert_ne!(named, shown(own(&["box-2.plant.example"]), day(1_500)), "it is renewed before it ends");
        let mode = std::fs::metadata(dir.path().join("tls/key.pem")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_renewed_pair_is_taken_and_one_that_does_not_fit_is_not() {
        let (a, b) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let made = |dir: &Path| Own::new(dir, "box", []).read(day(0)).expect("made");
        let ((chain, key), (other_chain, other_key)) = (made(a.path()), made(b.path()));
        let dir = tempfile::tempdir().expect("a folder");
        let (chain_file, key_file) = (dir.path().join("chain.pem"), dir.path().join("key.pem"));
        let put = |chain: &[u8], key: &[u8]| {
            std::fs::write(dir.path().join("chain.pem"), chain).expect("written");
            std::fs::write(dir.path().join("key.pem"), key).expect("written");
        };
        put(&chain, &key);
        let read = move || {
            let read = |file: &Path| std::fs::read(file).map_err(|why| why.to_string());
            Ok((read(&chain_file)?, read(&key_file)?))
        };
        let tls = Tls::open(Source::Given(Box::new(read)), day(0)).expect("it fits");
        let first = tls.fingerprint();
        assert!(!tls.reload(day(0)).expect("the same"));
        put(&other_chain, &key);
        assert!(tls.reload(day(0)).is_err(), "half a renewal");
        put(b"nothing", b"nothing");
        assert!(tls.reload(day(0)).is_err());
        assert_eq!(tls.fingerprint(), first);
        put(&other_chain, &other_key);
        assert!(tls.reload(day(0)).expect("the other fits"));
        assert_ne!(tls.fingerprint(), first);
    }
}
