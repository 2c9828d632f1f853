# shellcheck shell=bash
# Completion for srwm in bash: `source <(srwm completion bash)`. What to offer is asked of the program itself.

_srwm() {
  # bash splits words at '=' and ':'. Put together again what no space separates, up to the cursor.
  local line=${COMP_LINE:0:COMP_POINT} words=() gap part i
  for ((i = 0; i < COMP_CWORD; ++i)); do
    part=${COMP_WORDS[i]}
    gap=${line%%"$part"*}
    line=${line#*"$part"}
    if [[ $i -eq 0 || $gap == *[[:space:]]* ]]; then words+=("$part"); else words[-1]+=$part; fi
  done
  part=${line#"${line%%[![:space:]]*}"}
  if [[ $line != [[:space:]]* && ${#words[@]} -gt 1 ]]; then
    part=${words[-1]}$part
    unset 'words[-1]'
  fi
  part=${part#[\"\']}

  # Readline replaces $2, the end of that word; what stands before it has to go from the replies.
  local program=${words[0]/#\~/$HOME} kept=${part%"$2"} path=${part##*=} replies=() reply
  local before=${part%"$path"}
  while IFS=$'\t' read -r reply _; do
    case $reply in
      ':files '*)
        # Folders too, be there a matching file in this one or not: the file may be in one of them.
        while read -r reply; do replies+=("$before$reply"); done < <(compgen -f -X "!${reply#:files }" -- "$path"; compgen -d -- "$path")
        compopt -o filenames 2>/dev/null ;;
      :folders)
        while read -r reply; do replies+=("$before$reply"); done < <(compgen -d -- "$path")
        compopt -o filenames 2>/dev/null ;;
      *) replies+=("$reply") ;;
    esac
  done < <("$program" __complete "${words[@]:1}" "$part" 2>/dev/null)
  COMPREPLY=("${replies[@]#"$kept"}")
  if [[ ${COMPREPLY[0]-} == *= ]]; then compopt -o nospace 2>/dev/null; fi  # keys, whose values are still to come
}

complete -F _srwm srwm
