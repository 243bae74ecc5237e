/** WGSL of tanh that stays finite. */
export const TANH = `fn tanh_(x: f32) -> f32 {
  let near = clamp(x, -9.0, 9.0);
  // Near 0 the difference of exponentials would lose digits.
  if (abs(near) < 0.3) {
    let s = near * near;
    return near * (1.0 + s * (-0.33333334 + s * (0.13333334 + s * (-0.05396825 + s * 0.021869488))));
  }
  let e = exp(2.0 * near);
  return (e - 1.0) / (e + 1.0);
}
`;
