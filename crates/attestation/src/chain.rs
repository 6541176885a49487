//! The path from a trusted root to the certificate that signs (RFC 5280 §6). Revocation lists are not read: they
//! would need the network, and AWS's own example does without.

use strongroom_base::UnixMillis;
use strongroom_crypto::ecdsa_verify::Curve;

use crate::certificate::{Certificate, Usage};
use crate::{Rejected, TrustRoots};

/// The P-384 point of `leaf`, to which `authorities`, the first of them a trusted root or issued by one, lead at
/// each of `times`.
pub(crate) fn leaf_key(
    authorities: &[&[u8]],
    leaf: &[u8],
    roots: &TrustRoots,
    times: &[UnixMillis],
) -> Result<Vec<u8>, Rejected> {
    let (anchor, authorities) = anchored(authorities, roots)?;
    let mut issuer = anchor;
    check_authority(&issuer, authorities.len(), times)?;
    // From the root down, so that an outsider's signatures cost no more than one check.
    for (position, authority) in authorities.iter().enumerate() {
        let authority = read(authority)?;
        check_issued(&authority, &issuer)?;
        let below = authorities.len().saturating_sub(position + 1);
        check_authority(&authority, below, times)?;
        issuer = authority;
    }
    let leaf = read(leaf)?;
    check_issued(&leaf, &issuer)?;
    check_times(&leaf, times)?;
    signing_point(&leaf)
}

/// The trusted root, and the authorities below it. A root that is in the document itself is compared byte for
/// byte.
fn anchored<'a, 'b>(
    authorities: &'a [&'b [u8]],
    roots: &TrustRoots,
) -> Result<(Certificate, &'a [&'b [u8]]), Rejected> {
    let (first, below) = authorities
        .split_first()
        .ok_or(Rejected::Field("cabundle"))?;
    if let Some(root) = roots.certificates().find(|root| root.is(first)) {
        return Ok((root.clone(), below));
    }
    let first = read(first)?;
    let root = roots
        .certificates()
        .find(|root| first.is_issued_by(root))
        .ok_or(Rejected::Untrusted)?;
    Ok((root.clone(), authorities))
}

fn read(der: &[u8]) -> Result<Certificate, Rejected> {
    Certificate::read(der).ok_or(Rejected::Certificate)
}

fn check_issued(certificate: &Certificate, issuer: &Certificate) -> Result<(), Rejected> {
    if !certificate.is_issued_by(issuer) {
        return Err(Rejected::Untrusted);
    }
    Ok(())
}

fn check_authority(
    authority: &Certificate,
    below: usize,
    times: &[UnixMillis],
) -> Result<(), Rejected> {
    if !authority.may_issue(below) {
        return Err(Rejected::Untrusted);
    }
    check_times(authority, times)
}

fn check_times(certificate: &Certificate, times: &[UnixMillis]) -> Result<(), Rejected> {
    if !times.iter().all(|time| certificate.is_valid_at(*time)) {
        return Err(Rejected::Expired);
    }
    Ok(())
}

fn signing_point(leaf: &Certificate) -> Result<Vec<u8>, Rejected> {
    let key = leaf.public_key();
    if leaf.usage() != Usage::Leaf || key.curve != Curve::P384Sha384 {
        return Err(Rejected::Untrusted);
    }
    Ok(key.point.clone())
}
