//! Vector code for the machine at hand: a loop run inside [`vectorise`] is compiled for AVX2 and AVX-512 as well as
//! for the baseline, and the best that the processor has is taken when it runs.
//!
//! Rust never fuses or reorders float arithmetic by itself, so all versions give the same bits.

/// Runs `f` in the widest version the processor has. What `f` calls must be `#[inline(always)]` to profit.
///
/// A closure that grows large is not taken into those versions by the compiler; then use [`vectorise_with`].
#[inline(always)]
pub(crate) fn vectorise<R>(f: impl pulp::NullaryFnOnce<Output = R>) -> R {
    struct Op<F>(F);
    impl<F: pulp::NullaryFnOnce> pulp::WithSimd for Op<F> {
        type Output = F::Output;
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, simd: S) -> F::Output {
            simd.vectorize(self.0)
        }
    }
    pulp::Arch::new().dispatch(Op(f))
}

/// Runs `f(arguments)` in the widest version the processor has, however large `f` is. `f` must be a function that is
/// `#[inline(always)]`, no closure.
#[inline(always)]
pub(crate) fn vectorise_with<A, R>(arguments: A, f: impl FnOnce(A) -> R) -> R {
    struct Call<A, F>(A, F);
    impl<A, R, F: FnOnce(A) -> R> pulp::NullaryFnOnce for Call<A, F> {
        type Output = R;
        #[inline(always)]
        fn call(self) -> R {
            self.1(self.0)
        }
    }
    vectorise(Call(arguments, f))
}
