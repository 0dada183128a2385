// Texts of the gateway name moments in UTC; people read them in the plant's zone.
import { moment } from "./format";

const UTC = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g;

/** The same text with its moments in the plant's zone. */
export const localTimes = (text: string): string => text.replace(UTC, (time) => moment(time));
