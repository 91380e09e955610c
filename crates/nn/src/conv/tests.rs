//! Convolutions against sums written out.

use super::*;
use crate::testing::numbers;
use proptest::prelude::*;

/// The definition, in f64: weights [9, c, co], or [9, c] where each channel is by itself.
fn naive(
    x: &[f32],
    e: Extent,
    window: Window,
    weights: &[f32],
    bias: &[f32],
    depthwise: bool,
) -> Vec<f64> {
    let to = window.output(e, bias.len());
    let at = |n: usize, y: isize, x_: isize, i: usize| {
        if y < 0 || x_ < 0 || y >= e.h as isize || x_ >= e.w as isize {
            return 0.0;
        }
        f64::from(x[((n * e.h + y as usize) * e.w + x_ as usize) * e.c + i])
    };
    let mut out = Vec::new();
    for n in 0..to.n {
        for oy in 0..to.h {
            for ox in 0..to.w {
                for o in 0..to.c {
                    let mut sum = f64::from(bias[o]);
                    for k in 0..9 {
                        let y = (oy * window.stride + k / 3) as isize - window.before as isize;
                        let x_ = (ox * window.stride + k % 3) as isize - window.before as isize;
                        if depthwise {
                            sum += at(n, y, x_, o) * f64::from(weights[k * to.c + o]);
                        } else {
                            for i in 0..e.c {
                                let w = weights[(k * e.c + i) * to.c + o];
                                sum += at(n, y, x_, i) * f64::from(w);
                            }
                        }
                    }
                    out.push(sum.max(0.0));
                }
            }
        }
    }
    out
}

fn window() -> impl Strategy<Value = Window> {
    let any = (1usize..4, 0usize..2, 0usize..2);
    let any = any.prop_map(|(stride, before, after)| Window {
        stride,
        before,
        after,
    });
    prop_oneof![Just(Window::SAME), Just(Window::HALVE), any]
}

fn assert_near(got: &[f32], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (g, w) in got.iter().zip(want) {
        assert!((f64::from(*g) - w).abs() < 1e-5, "{g} is not {w}");
    }
}

proptest! {
    #[test]
    fn depthwise_equals_the_definition(n in 1usize..3, h in 3usize..8, w in 3usize..8, c in 1usize..40, window in window()) {
        let e = Extent { n, h, w, c };
        let (x, weights, bias) = (numbers(e.numbers(), 1), numbers(9 * c, 2), numbers(c, 3));
        let mut out = vec![f32::NAN; window.output(e, c).numbers()];
        depthwise3x3(&mut out, &x, e, window, &weights, &bias);
        assert_near(&out, &naive(&x, e, window, &weights, &bias, true));
    }

    #[test]
    fn convolution_equals_the_definition(n in 1usize..3, h in 3usize..8, w in 3usize..8, c in 1usize..4, co in 1usize..40, window in window()) {
        let e = Extent { n, h, w, c };
        let (x, weights, bias) = (numbers(e.numbers(), 1), numbers(9 * c * co, 2), numbers(co, 3));
        let mut out = vec![f32::NAN; window.output(e, co).numbers()];
        conv3x3(&mut out, &x, e, window, &weights, &bias);
        assert_near(&out, &naive(&x, e, window, &weights, &bias, false));
    }
}

#[test]
fn windows_have_the_sizes_of_the_network() {
    let e = Extent {
        n: 2,
        h: 96,
        w: 64,
        c: 1,
    };
    assert_eq!(
        Window::HALVE.output(e, 32),
        Extent {
            n: 2,
            h: 48,
            w: 32,
            c: 32
        }
    );
    assert_eq!(Window::SAME.output(e, 1), e);
}

#[test]
fn bias_and_relu_follow_a_product() {
    let mut x = vec![1.0, -2.0, -3.0, 4.0];
    bias_relu(&mut x, &[0.5, 1.0]);
    assert_eq!(x, [1.5, 0.0, 0.0, 5.0]);
}

#[test]
fn threads_do_not_change_a_bit() {
    let e = Extent {
        n: 5,
        h: 24,
        w: 16,
        c: 37,
    };
    let (x, weights, bias) = (
        numbers(e.numbers(), 1),
        numbers(9 * e.c, 2),
        numbers(e.c, 3),
    );
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let mut out = vec![0.0; Window::HALVE.output(e, e.c).numbers()];
        pool.expect("a pool")
            .install(|| depthwise3x3(&mut out, &x, e, Window::HALVE, &weights, &bias));
        out
    };
    assert!(run(1) == run(2) && run(1) == run(5));
}
