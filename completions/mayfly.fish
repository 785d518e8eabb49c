# Generated from the tables of src/cli by "npm run generate". Do not edit.

function __mayfly_configs
    for directory in /etc/tmpfiles.d /run/tmpfiles.d /usr/local/lib/tmpfiles.d /usr/lib/tmpfiles.d
        test -d $directory; and command ls $directory | string match -- '*.conf'
    end
end

complete -c mayfly -f
complete -c mayfly -n __fish_use_subcommand -s h -l help -d 'Show this help'
complete -c mayfly -n __fish_use_subcommand -l version -d 'Show the version'
complete -c mayfly -n __fish_use_subcommand -a help -d 'Show the help of a command'
complete -c mayfly -n '__fish_seen_subcommand_from help' -a 'tmpfiles'
complete -c mayfly -n __fish_use_subcommand -a tmpfiles -d 'Do as systemd-tmpfiles does, option for option'
complete -c mayfly -n '__fish_seen_subcommand_from tmpfiles' -a '(__mayfly_configs)' -F
complete -c mayfly -n '__fish_seen_subcommand_from tmpfiles' -l create -d 'Create and adjust files and directories'
complete -c mayfly -n '__fish_seen_subcommand_from tmpfiles' -l clean -d 'Remove what has aged'
complete -c mayfly -n '__fish_seen_subcommand_from tmpfiles' -s h -l help -d 'Show this help'
