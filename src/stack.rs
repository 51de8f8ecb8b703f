//! A stack as a command works on it: infra.toml, the clients, the names of its resources, and where events go.

use crate::aws::{Aws, Target};
use crate::config::Config;
use crate::error::Result;
use crate::event::{Event, Events, Scope};
use crate::interrupt;
use crate::resource::Names;

/// Everything that work on one stack needs.
#[derive(Clone)]
pub struct Stack {
    pub target: Target,
    pub config: Config,
    pub aws: Aws,
    pub names: Names,
    pub events: Events,
}

impl Stack {
    /// Connects to the target, without a look at the stack itself.
    ///
    /// # Errors
    /// Where the target cannot be reached, or is another account than infra.toml names.
    pub async fn connect(config: Config, target: Target, events: Events) -> Result<Self> {
        let aws = interrupt::unless_asked(Aws::connect(target, &config)).await?;
        let names = Names::from_config(&config, &aws.account);
        Ok(Self { target, config, aws, names, events })
    }

    /// Another stack of the same account, of which only the name is known.
    pub fn named(&self, name: &str, region: &str) -> Self {
        let mut config = Config::bare(&self.config.directory);
        (config.stack, config.region, config.timeouts) = (name.to_owned(), region.to_owned(), self.config.timeouts);
        let aws = self.aws.in_region(region);
        let names = Names::usual(name, region, &aws.account);
        Self { target: self.target, config, aws, names, events: self.events.clone() }
    }

    /// The same stack, whose events go elsewhere.
    pub fn with_events(&self, events: &Events) -> Self {
        Self { events: events.clone(), ..self.clone() }
    }

    /// The target, account and region where the stack is looked for.
    pub fn scope(&self) -> Scope {
        let aws = &self.aws;
        let endpoint = aws.endpoint().map(str::to_owned);
        Scope { target: self.target, account: aws.account.clone(), region: aws.region.clone(), endpoint }
    }

    /// Emits the scope, before any other event.
    pub fn announce(&self) {
        self.events.emit(Event::Scope { scope: self.scope() });
    }
}
