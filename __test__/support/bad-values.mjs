// Values that options must refuse.

/** Values that are no primitive numbers. */
export const NO_NUMBERS = [
  null,
  '3',
  '',
  true,
  3n,
  Symbol('three'),
  {},
  [3],
  () => 3,
  new Date(3),
  new Number(3),
]
