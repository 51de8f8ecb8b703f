//! The cluster or workgroup that a warehouse belongs to.

/// How a cluster divides its work (C5).
#[derive(Debug, Clone, Copy)]
pub struct Slices {
    pub nodes: i64,
    pub per_node: i64,
}

impl Slices {
    pub fn count(self) -> usize {
        usize::try_from(self.nodes * self.per_node).unwrap_or(1)
    }
}

/// A cluster or a workgroup, as far as its warehouse is concerned.
#[derive(Debug, Clone)]
pub struct Place {
    /// The name of its directory: the cluster's, or the namespace's behind a point, which no cluster has; `@` and the region
    /// follow where it is not at home.
    pub id: String,
    pub region: String,
    pub database: String,
    pub admin: String,
    pub slices: Slices,
    /// ARNs of the roles that it may assume.
    pub roles: Vec<String>,
    pub default_role: Option<String>,
    /// The ARN of the secret that holds the admin's password, where it is managed.
    pub secret: Option<String>,
}

impl Place {
    /// A warehouse of one node, which no role is attached to.
    pub fn new(id: &str, database: &str, admin: &str) -> Self {
        Self {
            id: id.to_owned(),
            region: "us-east-1".to_owned(),
            database: database.to_owned(),
            admin: admin.to_owned(),
            slices: Slices { nodes: 1, per_node: 2 },
            roles: Vec::new(),
            default_role: None,
            secret: None,
        }
    }
}
