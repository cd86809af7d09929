// Scripts that run in the page before its own, as text, because they use the document, which the types of Node do not have.

/**
 * Notes when things are on the screen: `mapPainted`, in milliseconds since the page was asked for, when all 100 devices are; `stamps`, when a slot first had
 * a name, as a time since 1970; `frameAt`, when the page last had something from the stream.
 */
export const stampPaints = `
  globalThis.mapPainted = 0
  globalThis.frameAt = 0
  globalThis.stamps = new Map()
  const afterPaint = (tell) => requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel(); port1.onmessage = tell; port2.postMessage(null) })
  const { decode } = TextDecoder.prototype
  TextDecoder.prototype.decode = function (...args) {
    frameAt = performance.now()
    return decode.apply(this, args)
  }
  new MutationObserver((changes) => {
    const names = changes.filter(({ type }) => type === 'attributes').map(({ target }) => target.getAttribute('aria-label')).filter((name) => !stamps.has(name))
    if (names.length > 0) afterPaint(() => { for (const name of names) if (!stamps.has(name)) stamps.set(name, performance.timeOrigin + performance.now()) })
    if (mapPainted === 0 && document.querySelectorAll('.device').length === 100) {
      mapPainted = -1
      afterPaint(() => { mapPainted = performance.now() })
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-label'] })
`

/** All stamps, by the names of slots. */
export const paintedAt = 'Object.fromEntries(stamps)'
