// The fleet's own address; it shares a page with the mesh until there is one.
export { default } from "./mesh";
