//! AWS's rules for names and numbers, as far as they can be checked without asking AWS.

/// R10: node types that can be created. dc2 and ds2 no longer can.
const NODE_TYPES: [&str; 8] =
    ["rg.large", "rg.xlarge", "rg.4xlarge", "rg.12xlarge", "ra3.large", "ra3.xlplus", "ra3.4xlarge", "ra3.16xlarge"];

type Checked = Result<(), String>;

fn when(holds: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// A stack's name becomes the cluster's identifier, and part of the names of role and bucket.
pub fn stack(name: &str) -> Checked {
    cluster_identifier(name)?;
    when(name.len() <= 30, || {
        "R28: a stack's name has at most 30 characters, so that its bucket's name fits into 63".into()
    })
}

/// R7, in the stricter form of the Data API.
pub fn cluster_identifier(id: &str) -> Checked {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let well_formed = id.split('-').all(part) && id.starts_with(|c: char| c.is_ascii_lowercase());
    when(well_formed && id.len() <= 63, || {
        "R7: 1 to 63 lower-case letters, digits and single hyphens, starting with a letter and not ending with a hyphen"
            .into()
    })
}

pub fn region(name: &str) -> Checked {
    let parts: Vec<&str> = name.split('-').collect();
    let number = parts.last().is_some_and(|last| last.len() == 1 && last.bytes().all(|b| b.is_ascii_digit()));
    when(parts.len() >= 3 && number, || "a region looks like us-west-2".into())
}

pub fn account(id: &str) -> Checked {
    when(id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()), || "an account id has 12 digits".into())
}

pub fn node_type(name: &str) -> Checked {
    when(NODE_TYPES.contains(&name), || {
        format!("R10: not a node type that can be created; one of {}", NODE_TYPES.join(", "))
    })
}

/// R8.
pub fn database(name: &str) -> Checked {
    let well_formed = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    when(well_formed && (1..=64).contains(&name.len()), || "R8: 1 to 64 lower-case letters and digits".into())
}

/// R8.
pub fn admin(name: &str) -> Checked {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_+.@-".contains(c);
    let well_formed = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(allowed);
    when(well_formed && name.len() <= 128 && name != "public", || {
        "R8: 1 to 128 lower-case letters, digits and _ + . @ -, starting with a letter, and not 'public'".into()
    })
}

/// R11.
pub fn is_port(port: i32) -> bool {
    (5431..=5455).contains(&port) || (8191..=8215).contains(&port)
}

/// R28. Dots are allowed by S3 and break TLS, so that they are not allowed here.
pub fn bucket(name: &str) -> Checked {
    let allowed = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let ends =
        name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    let reserved = ["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|prefix| name.starts_with(prefix))
        || ["-s3alias", "--ol-s3", "--x-s3", "--table-s3"].iter().any(|suffix| name.ends_with(suffix));
    when(allowed && ends && !reserved && (3..=63).contains(&name.len()), || {
        "R28: 3 to 63 lower-case letters, digits and hyphens, starting and ending with a letter or digit, and none of \
         the reserved prefixes and suffixes"
            .into()
    })
}
