/** The same keys with other texts. */
export type Shape<T> = {
  [K in keyof T]: T[K] extends string ? string : T[K] extends string[] ? string[] : Shape<T[K]>;
};
