//! Guarantees that the compiler gives: programs that would break them do not compile.

#[test]
fn what_must_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
