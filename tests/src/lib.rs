//! What the tests share: real peers as processes, real data, and the program under test.
