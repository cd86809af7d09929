/** Why the service cannot start, as a sentence for who starts it: what is wrong, and the way out. Told without a stack. */
export class StartError extends Error {}
