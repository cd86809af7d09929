/**
 * The time of a log line, as a member of its JSON. All lines of one second have most of their text in common, and making it anew takes
 * longer than all other members of a line.
 */
export function logTimes (now: () => number = Date.now): () => string {
  let second = NaN
  let text = ''
  return () => {
    const at = now()
    const its = Math.floor(at / 1000)
    if (its !== second) {
      second = its
      text = `,"time":"${new Date(its * 1000).toISOString().slice(0, -4)}`
    }
    return `${text}${String(at - its * 1000).padStart(3, '0')}Z"`
  }
}
