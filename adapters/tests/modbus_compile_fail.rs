//! The guarantee that is sold: no write without a permit, and a permit is neither forged nor spent twice.

#[test]
fn a_write_needs_a_permit_that_nobody_can_forge_or_spend_twice() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
