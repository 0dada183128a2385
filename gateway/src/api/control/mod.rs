//! The local control socket: what moves something goes through here, and the kernel says who asks.
