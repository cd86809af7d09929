const firstWaitMs = 500
const longestWaitMs = 10_000

/** The result of `load`, which is called again after it failed, each time after a longer wait. */
export async function untilLoaded<T> (load: () => Promise<T>, wait: (ms: number) => Promise<void>): Promise<T> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    try {
      return await load()
    } catch {
      await wait(waitMs)
    }
  }
}
