use strongroom_base::Secret;

use super::UnsealShare;

#[test]
fn a_share_survives_typing_and_names_every_single_mistake() {
    let share = UnsealShare {
        domain: *b"abcd",
        number: 3,
        value: Secret::new([7; 32]),
    };
    let text = share.to_text();
    let back = UnsealShare::from_text(&format!("  {}\n", text.expose()))
        .ok()
        .unwrap();
    assert_eq!(
        (back.domain, back.number, *back.value.expose()),
        (*b"abcd", 3, [7; 32])
    );
    for at in 0..text.expose().len() {
        let mut typed = text.expose().clone().into_bytes();
        typed[at] = if typed[at] == b'0' { b'1' } else { b'0' };
        assert!(
            UnsealShare::from_text(std::str::from_utf8(&typed).unwrap()).is_err(),
            "{at}"
        );
    }
}
