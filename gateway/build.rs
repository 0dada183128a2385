//! Builds the program again when the dashboard was built: the files go into the binary.

use std::path::Path;

fn main() {
    let built = Path::new("dashboard/dist");
    // Cargo can only watch a folder that is there; an empty one is a program without its page.
    if let Err(error) = std::fs::create_dir_all(built) {
        println!("cargo:warning=cannot make {}: {error}", built.display());
    }
    println!("cargo:rerun-if-changed={}", built.display());
}
