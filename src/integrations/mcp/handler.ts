type Handler = (...args: unknown[]) => unknown;

/**
 * Puts `observe` around a handler that is set on an object, now or later. Some transports keep theirs
 * elsewhere, by an accessor of their class, so that one is used where there is one.
 */
export function observeHandler(
  object: object,
  name: string,
  observe: (handler: Handler, args: unknown[]) => unknown,
): void {
  const accessor = accessorOf(object, name);
  let given = (object as Record<string, unknown>)[name];
  let around: Handler | undefined;
  const take = (handler: unknown): void => {
    given = handler;
    around = typeof handler === "function" ? (...args) => observe(handler.bind(object), args) : undefined;
    accessor?.set?.call(object, around);
  };
  take(given);
  Object.defineProperty(object, name, {
    configurable: true,
    enumerable: true,
    // Who connects sets one around the one that is there; who is called is told what is around.
    get: () => around,
    set: take,
  });
}

function accessorOf(object: object, name: string): PropertyDescriptor | undefined {
  for (let at: object | null = object; at !== null; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found !== undefined) return found.set === undefined ? undefined : found;
  }
  return undefined;
}
