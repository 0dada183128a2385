//! Who asks, as the kernel says.

use std::fmt;

/// The user at the other end of the control socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user's id.
    pub uid: u32,
    /// The user's name, where the box knows one.
    pub name: Option<String>,
    /// The calling process, where the kernel says it.
    pub pid: Option<i32>,
}

impl Actor {
    /// The user of this process, for what is done without a running gateway.
    pub fn of_this_process() -> Self {
        use std::os::unix::fs::MetadataExt;
        // The folder of a process belongs to its effective user (proc(5)); without it, to nobody.
        let uid = std::fs::metadata("/proc/self").map_or(65_534, |folder| folder.uid());
        Self::of(uid, i32::try_from(std::process::id()).ok())
    }

    pub(super) fn of(uid: u32, pid: Option<i32>) -> Self {
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        Self { uid, name: name_in(&passwd, uid), pid }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} (uid {})", self.uid),
            None => write!(f, "uid {}", self.uid),
        }
    }
}

/// The name of a user id in the text of `/etc/passwd` (`passwd(5)`).
fn name_in(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let found: u32 = fields.nth(1)?.parse().ok()?;
        (found == uid).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_passwd_file() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nbroken\nanna:x:1000:1000::/home/anna:/bin/sh\n";
        for (uid, name) in [(0, Some("root")), (1_000, Some("anna")), (7, None)] {
            assert_eq!(name_in(passwd, uid).as_deref(), name);
        }
        let anna = Actor { uid: 1_000, name: name_in(passwd, 1_000), pid: None };
        assert_eq!(anna.to_string(), "anna (uid 1000)");
    }
}
