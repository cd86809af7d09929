/**
 * The p-quantile of the standard normal distribution, 0 < p < 1. The absolute error is below 1e-9.
 * Source: P. J. Acklam's rational approximation (2003), with one step of Halley's method.
 */
export function normalQuantile (p: number): number {
  const a = [-3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02, 1.383577518672690e+02, -3.066479806614716e+01, 2.506628277459239e+00]
  const b = [-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01, -1.328068155288572e+01, 1]
  const c = [-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00, -2.549732539343734e+00, 4.374664141464968e+00, 2.938163982698783e+00]
  const d = [7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00, 1]
  const tail = Math.min(p, 1 - p)
  let x: number
  if (tail < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(tail))
    x = horner(c, q) / horner(d, q)
    if (p > 0.5) x = -x
  } else {
    const q = p - 0.5
    x = q * horner(a, q * q) / horner(b, q * q)
  }
  const error = (normalProbability(x) - p) * Math.sqrt(2 * Math.PI) * Math.exp(x * x / 2)
  return x - error / (1 + x * error / 2)
}

/**
 * The p-quantile of Student's t distribution with `df` degrees of freedom (> 0, need not be whole), 0 < p < 1. The relative
 * error is below 1e-4 for df >= 1. Source: G. W. Hill, Algorithm 396, Communications of the ACM 13 (1970) 619-620.
 */
export function studentQuantile (p: number, df: number): number {
  if (p === 0.5) return 0
  const bothTails = 2 * Math.min(p, 1 - p)
  const t = df === 1
    ? 1 / Math.tan(bothTails * Math.PI / 2)
    : df === 2 ? Math.sqrt(2 / (bothTails * (2 - bothTails)) - 2) : hill(bothTails, df)
  return p > 0.5 ? t : -t
}

function hill (bothTails: number, df: number): number {
  const a = 1 / (df - 0.5)
  const b = 48 / (a * a)
  let c = ((20700 * a / b - 98) * a - 16) * a + 96.36
  const d = ((94.5 / (b + c) - 3) / b + 1) * Math.sqrt(a * Math.PI / 2) * df
  let y = (d * bothTails) ** (2 / df)
  if (y > 0.05 + a) {
    const x = normalQuantile(bothTails / 2)
    y = x * x
    if (df < 5) c += 0.3 * (df - 4.5) * (x + 0.6)
    c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
    y = Math.expm1(a * y * y)
  } else {
    y = ((1 / (((df + 6) / (df * y) - 0.089 * d - 0.822) * (df + 2) * 3) + 0.5 / (df + 4)) * y - 1) * (df + 1) / (df + 2) + 1 / y
  }
  return Math.sqrt(df * y)
}

function horner (coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0)
}

// The distribution function of the standard normal distribution: a series for |x| < 3, a continued fraction beyond, because
// the fraction converges slowly near zero.
function normalProbability (x: number): number {
  const z = Math.abs(x)
  let upper: number
  if (z < 3) {
    let term = z
    let sum = z
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum) && n < 200; n++) {
      term *= z * z / (2 * n + 1)
      sum += term
    }
    upper = 0.5 - sum * Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI)
  } else {
    let fraction = z
    for (let n = 60; n > 0; n--) fraction = z + n / fraction
    upper = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) / fraction
  }
  return x > 0 ? 1 - upper : upper
}
