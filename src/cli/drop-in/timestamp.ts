/** Formats timestamps as systemd does. */
import { MICROSECOND, type Nanoseconds, SECOND } from "../../base/time.js";

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** `Sun 2026-11-22 04:46:01.124902 UTC`, in the host's time zone, given as an offset unless it is UTC. */
export function microseconds(time: Nanoseconds): string {
  const below = ((time % SECOND) + SECOND) % SECOND;
  const date = new Date(Number((time - below) / 1_000_000n));
  const fraction = String(below / MICROSECOND).padStart(6, "0");
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${WEEKDAYS[date.getDay()]} ${day} ${clock}.${fraction} ${zone(date)}`;
}

function zone(date: Date): string {
  const east = -date.getTimezoneOffset();
  if (east === 0) return "UTC";
  const minutes = Math.abs(east);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${east < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}
