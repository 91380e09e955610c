//! Affinities and a start -> points `[N, 2]`: gradient descent with momentum and gains (Jacobs 1988), the schedule of
//! scikit-learn. `q_ij` is 1 / (1 + |y_i - y_j|^2), `Z` the sum of all.

use rayon::prelude::*;

use super::neighbours::Affinities;
use super::options::Tsne;

/// Moves the points `iterations` times.
pub(super) fn descend(
    settings: &Tsne,
    affinities: &Affinities,
    start: Vec<[f32; 2]>,
) -> Vec<[f32; 2]> {
    let n = start.len();
    let rate = (n as f64 / settings.exaggeration / 4.0).max(50.0) as f32;
    let mut points = start;
    let mut moves = vec![[0f32; 2]; n];
    let mut gains = vec![[1f32; 2]; n];
    for step in 0..settings.iterations {
        let early = step < settings.exaggerated;
        let (more, momentum) = if early {
            (settings.exaggeration as f32, 0.5)
        } else {
            (1.0, 0.8)
        };
        let slopes = gradient(affinities, &points, more);
        for i in 0..n {
            for k in 0..2 {
                let against = slopes[i][k] * moves[i][k] < 0.0;
                let gain = &mut gains[i][k];
                *gain = if against {
                    *gain + 0.2
                } else {
                    (*gain * 0.8).max(0.01)
                };
                moves[i][k] = momentum * moves[i][k] - rate * *gain * slopes[i][k];
                points[i][k] += moves[i][k];
            }
        }
        centre(&mut points);
    }
    points
}

/// The gradient of the divergence at `points`, attraction times `more`: `[N, 2]`.
pub(super) fn gradient(affinities: &Affinities, points: &[[f32; 2]], more: f32) -> Vec<[f32; 2]> {
    let (xs, ys): (Vec<f32>, Vec<f32>) = points.iter().map(|p| (p[0], p[1])).unzip();
    let arch = pulp::Arch::new();
    let pushes = each(points.len(), |i| {
        arch.dispatch(Push {
            at: points[i],
            xs: &xs,
            ys: &ys,
        })
    });
    let z: f64 = pushes.iter().map(|p| p[0]).sum();
    let slope = |i: usize| {
        let [x, y] = points[i];
        let mut pull = [0f32; 2];
        for &(j, p) in affinities.row(i) {
            let (dx, dy) = (x - xs[j as usize], y - ys[j as usize]);
            let pq = p / (1.0 + dx * dx + dy * dy);
            pull[0] += pq * dx;
            pull[1] += pq * dy;
        }
        let of = |k: usize| 4.0 * (more * pull[k] - (pushes[i][k + 1] / z) as f32);
        [of(0), of(1)]
    };
    each(points.len(), slope)
}

/// `of(0..n)`. Few points are done by one thread: on a busy machine waiting for others costs more than it saves.
fn each<T: Send>(n: usize, of: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    match n < 1000 {
        true => (0..n).map(of).collect(),
        false => (0..n).into_par_iter().with_min_len(64).map(of).collect(),
    }
}

/// All others push a point away: the sum of its q (without its own), and of q^2 times the difference. Compiled for the
/// processor at hand; the order of adding, and so every bit, is the same on all.
struct Push<'a> {
    at: [f32; 2],
    xs: &'a [f32],
    ys: &'a [f32],
}

impl pulp::NullaryFnOnce for Push<'_> {
    type Output = [f64; 3];

    #[inline(always)]
    fn call(self) -> [f64; 3] {
        push(self.at, self.xs, self.ys)
    }
}

#[inline(always)]
fn push([x, y]: [f32; 2], xs: &[f32], ys: &[f32]) -> [f64; 3] {
    const L: usize = 16;
    let (mut z, mut fx, mut fy) = ([0f32; L], [0f32; L], [0f32; L]);
    let (xs, ys) = (xs.chunks_exact(L), ys.chunks_exact(L));
    let rest = xs.remainder().iter().zip(ys.remainder());
    let mut last = [0f32; 3];
    for (&ox, &oy) in rest {
        let (dx, dy) = (x - ox, y - oy);
        let q = 1.0 / (1.0 + dx * dx + dy * dy);
        last[0] += q;
        last[1] += q * q * dx;
        last[2] += q * q * dy;
    }
    for (ox, oy) in xs.zip(ys) {
        for l in 0..L {
            let (dx, dy) = (x - ox[l], y - oy[l]);
            let q = 1.0 / (1.0 + dx * dx + dy * dy);
            z[l] += q;
            fx[l] += q * q * dx;
            fy[l] += q * q * dy;
        }
    }
    let sum = |lanes: [f32; L], last: f32| {
        lanes.iter().map(|&x| f64::from(x)).sum::<f64>() + f64::from(last)
    };
    [sum(z, last[0]) - 1.0, sum(fx, last[1]), sum(fy, last[2])]
}

/// The Kullback-Leibler divergence of the affinities from the map, in nats.
pub(super) fn divergence(affinities: &Affinities, points: &[[f32; 2]]) -> f64 {
    let q = |a: [f32; 2], b: [f32; 2]| {
        let (dx, dy) = (
            f64::from(a[0]) - f64::from(b[0]),
            f64::from(a[1]) - f64::from(b[1]),
        );
        1.0 / (1.0 + dx * dx + dy * dy)
    };
    let rows: Vec<[f64; 2]> = (0..points.len())
        .into_par_iter()
        .map(|i| {
            let z = points.iter().map(|&other| q(points[i], other)).sum::<f64>() - 1.0;
            let pairs = affinities.row(i).iter().filter(|pair| pair.1 > 0.0);
            let told = pairs.map(|&(j, p)| {
                let p = f64::from(p);
                p * (p / q(points[i], points[j as usize])).ln()
            });
            [z, told.sum()]
        })
        .collect();
    let z: f64 = rows.iter().map(|r| r[0]).sum();
    let total: f64 = affinities.pairs.iter().map(|pair| f64::from(pair.1)).sum();
    rows.iter().map(|r| r[1]).sum::<f64>() + total * z.ln()
}

fn centre(points: &mut [[f32; 2]]) {
    let n = points.len() as f64;
    for k in 0..2 {
        let mean = (points.iter().map(|p| f64::from(p[k])).sum::<f64>() / n) as f32;
        points.iter_mut().for_each(|p| p[k] -= mean);
    }
}
