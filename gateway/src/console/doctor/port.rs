//! The HTTP port: free, this gateway's own, or taken by somebody who is named.

use super::finding::Finding;
use crate::board::status::Status;
use crate::console::context::Context;
use crate::console::live;
use std::net::{IpAddr, SocketAddr, TcpListener};
use takt_config::resolved::Gateway;

/// Gives the status of this gateway, if it is what runs there.
pub(super) async fn examine(gateway: &Gateway, context: &Context, findings: &mut Vec<Finding>) -> Option<Status> {
    let address = gateway.http.address.value;
    let error = match TcpListener::bind(address) {
        Ok(_) => {
            findings.push(Finding::good("http", format!("{address} is free; no gateway runs there")));
            return None;
        }
        Err(error) => error,
    };
    if error.kind() != std::io::ErrorKind::AddrInUse {
        let text = format!("{address} cannot be listened on ({error}); set http.address to an address of this box");
        findings.push(Finding::broken("http", text));
        return None;
    }
    let answering = live::answering(context).await;
    let is_this = |status: &Status| status.gateway == gateway.name.as_str();
    findings.push(match &answering {
        Some(status) if is_this(status) => Finding::good("http", format!("{address}: this gateway runs")),
        Some(Status { gateway: name, .. }) => {
            Finding::broken("http", format!("{address} belongs to gateway {name}; set another http.address"))
        }
        None => {
            let who = holder(address).unwrap_or_else(|| "another program".to_owned());
            Finding::broken("http", format!("{address} is taken by {who}; stop it, or set another http.address"))
        }
    });
    answering.filter(is_this)
}

/// The process that listens, as far as this user may know (proc(5)).
fn holder(address: SocketAddr) -> Option<String> {
    let sockets = ["/proc/net/tcp", "/proc/net/tcp6"].map(|file| std::fs::read_to_string(file).unwrap_or_default());
    let inode = sockets.iter().find_map(|text| listening(text, address))?;
    let wanted = format!("socket:[{inode}]");
    for process in std::fs::read_dir("/proc").ok()?.flatten() {
        let files = std::fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten();
        let is_it = files
            .filter_map(|file| std::fs::read_link(file.path()).ok())
            .any(|link| link.to_str() == Some(wanted.as_str()));
        if is_it {
            let name = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(format!("{} (process {})", name.trim(), process.file_name().to_string_lossy()));
        }
    }
    None
}

/// The inode of the socket that listens at an address, in the text of `/proc/net/tcp` or `tcp6`.
fn listening(text: &str, address: SocketAddr) -> Option<String> {
    const LISTEN: &str = "0A";
    text.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (host, port) = fields.get(1)?.split_once(':')?;
        let same_port = u16::from_str_radix(port, 16).ok()? == address.port();
        let zeros = host.bytes().all(|digit| digit == b'0');
        let same_host = zeros || host.eq_ignore_ascii_case(&hexadecimal(address.ip()));
        (same_port && same_host && *fields.get(3)? == LISTEN).then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
    })
}

/// An address as the kernel prints it: words of four bytes, each in the machine's own order.
fn hexadecimal(ip: IpAddr) -> String {
    let bytes = match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let words = bytes.chunks_exact(4).map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]));
    words.map(|word| format!("{word:08X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn the_kernels_table_is_read() {
        let text = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
                    0: 0100007F:2148 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 4711 1\n\
                    1: 0100007F:2149 00000000:0000 01 00000000:00000000 00:00000000 00000000  0  0 4712 1\n\
                    2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 4713 1\n";
        for (address, inode) in [
            ("127.0.0.1:8520", Some("4711")),
            ("127.0.0.1:8521", None),
            ("127.0.0.1:80", Some("4713")),
            ("127.0.0.2:8520", None),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(listening(text, address).as_deref(), inode, "{address}");
        }
    }
}
