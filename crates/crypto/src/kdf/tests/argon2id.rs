use crate::kdf::{Argon2Block, Argon2Costs, Argon2Error, Argon2Input, argon2id, argon2id_of};
use crate::test_vectors::bytes;

const SMALL: Argon2Costs = Argon2Costs {
    memory_kib: 32,
    iterations: 3,
    lanes: 4,
};

fn dirty(blocks: usize) -> Vec<Argon2Block> {
    let mut block = Argon2Block::new();
    block.as_mut().fill(u64::MAX);
    vec![block; blocks]
}

fn is_zero(memory: &[Argon2Block]) -> bool {
    memory
        .iter()
        .all(|block| block.as_ref().iter().all(|word| *word == 0))
}

// RFC 9106 §5.3.
#[test]
fn rfc_9106_vector_in_dirty_memory() {
    let input = Argon2Input {
        password: &[1; 32],
        salt: &[2; 16],
        secret: &[3; 8],
        associated: &[4; 12],
    };
    let mut memory = dirty(33);
    let mut out = [0; 32];
    assert_eq!(argon2id_of(&input, SMALL, &mut memory, &mut out), Ok(()));
    assert_eq!(
        out.to_vec(),
        bytes("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659")
    );
    assert!(is_zero(&memory));
}

#[test]
fn every_input_counts() {
    let derive = |password: &[u8], salt: &[u8], costs: Argon2Costs| {
        let mut out = [0; 32];
        let mut memory = dirty(costs.blocks().expect("bounded"));
        argon2id(password, salt, costs, &mut memory, &mut out).expect("bounded");
        out
    };
    let derived = derive(b"password", b"some salt", SMALL);
    assert_eq!(derived, derive(b"password", b"some salt", SMALL));
    assert_ne!(derived, derive(b"passwore", b"some salt", SMALL));
    assert_ne!(derived, derive(b"password", b"some salu", SMALL));
    for costs in [(33, 3, 4), (32, 4, 4), (32, 3, 2)] {
        assert_ne!(derived, derive(b"password", b"some salt", costs_of(costs)));
    }
}

fn costs_of((memory_kib, iterations, lanes): (u32, u32, u32)) -> Argon2Costs {
    Argon2Costs {
        memory_kib,
        iterations,
        lanes,
    }
}

/// Fails with `expected`, leaves `out` alone and wipes the memory all the same.
fn check_refused(
    salt: &[u8],
    costs: Argon2Costs,
    (blocks, out_bytes): (usize, usize),
    expected: Argon2Error,
) {
    let mut memory = dirty(blocks);
    let mut out = vec![9; out_bytes];
    let outcome = argon2id(b"password", salt, costs, &mut memory, &mut out);
    assert_eq!(outcome, Err(expected), "{costs:?}");
    assert!(out.iter().all(|byte| *byte == 9));
    assert!(is_zero(&memory));
}

#[test]
fn bounds_are_enforced() {
    for costs in [
        (31, 3, 4),
        (Argon2Costs::MEMORY_KIB_MAX + 1, 3, 4),
        (32, 0, 4),
        (32, Argon2Costs::ITERATIONS_MAX + 1, 4),
        (32, 3, 0),
        (4096, 3, Argon2Costs::LANES_MAX + 1),
        (4096, 3, u32::MAX),
    ] {
        check_refused(b"some salt", costs_of(costs), (32, 32), Argon2Error::Costs);
    }
    check_refused(b"salt 7.", SMALL, (32, 32), Argon2Error::Salt);
    check_refused(&[0; 65], SMALL, (32, 32), Argon2Error::Salt);
    check_refused(b"some salt", SMALL, (31, 32), Argon2Error::Memory);
    check_refused(b"some salt", SMALL, (32, 15), Argon2Error::Output);
    check_refused(b"some salt", SMALL, (32, 65), Argon2Error::Output);
}

#[test]
fn blocks_are_rounded_down_as_the_algorithm_does() {
    for (memory_kib, lanes, blocks) in [(32, 4, 32), (47, 4, 32), (48, 4, 48), (19, 1, 16)] {
        assert_eq!(costs_of((memory_kib, 1, lanes)).blocks(), Ok(blocks));
    }
}
