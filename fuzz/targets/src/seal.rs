//! The bytes of `hsm.seal`, and the shares that operators keep. A seal that the key file opens is the one that was made, to the
//! byte; a share that is read is written as it was.

use strongroom_hsm::share::UnsealShare;

use crate::hsm::{self, KNOWN};
use crate::split::text;

pub(crate) fn run(data: &[u8]) {
    if let Ok(share) = UnsealShare::from_bytes(data) {
        assert!(share.to_bytes().matches(data));
    }
    if let Some(Ok(share)) = text(data).map(UnsealShare::from_text) {
        let again = UnsealShare::from_text(share.to_text().expose());
        assert!(again.is_ok_and(|again| again.to_bytes().matches(share.to_bytes().expose())));
    }
    if data.len() > usize::from(u16::MAX) {
        return;
    }
    let Ok(core) = hsm::sealed(data) else {
        assert!(data != KNOWN.seal, "lost");
        return;
    };
    if hsm::unseal(&core) {
        assert!(
            data == KNOWN.seal && hsm::has_the_domain(&core),
            "opened a seal that nobody made"
        );
    } else {
        assert!(data != KNOWN.seal, "lost");
    }
}
