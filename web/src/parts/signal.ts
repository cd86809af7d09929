let audio: AudioContext | undefined

/** Tells without the screen whether a scan was as expected: a high tone or two low ones, and the phone vibrates. */
export function signal (isGood: boolean): void {
  // Some browsers can do only one of these, and a tablet without a loudspeaker none.
  if ('vibrate' in navigator) navigator.vibrate(isGood ? 40 : [80, 60, 80])
  if (!('AudioContext' in globalThis)) return
  audio ??= new AudioContext()
  tone(audio, isGood ? 1200 : 300, 0)
  if (!isGood) tone(audio, 300, 0.2)
}

function tone (context: AudioContext, frequency: number, after: number): void {
  const [oscillator, volume] = [context.createOscillator(), context.createGain()]
  oscillator.frequency.value = frequency
  volume.gain.value = 0.1
  oscillator.connect(volume).connect(context.destination)
  oscillator.start(context.currentTime + after)
  oscillator.stop(context.currentTime + after + 0.12)
}
