//! A look at what lies between the layers of a network, for whoever compares it with another one.

/// Is shown named stages, [numbers] each; [`ForwardHook::none`] is not, and costs nothing.
pub struct ForwardHook<'a>(Option<&'a mut Show<'a>>);

/// What looks at a stage.
pub type Show<'a> = dyn FnMut(&str, &[f32]) + 'a;

impl<'a> ForwardHook<'a> {
    /// Nobody looks.
    pub fn none() -> Self {
        Self(None)
    }

    /// `show` looks.
    pub fn new(show: &'a mut Show<'a>) -> Self {
        Self(Some(show))
    }

    /// Shows the stage `name`, which is made only where somebody looks.
    pub fn show(&mut self, name: &str, numbers: impl FnOnce() -> Vec<f32>) {
        if let Some(show) = &mut self.0 {
            show(name, &numbers());
        }
    }
}
